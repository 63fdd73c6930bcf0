"""Closes the month. Never starts: the Dag is paused, so its run stays queued."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:finance"],
    default_args={"owner": "finance-team"},
)
def finance_close():
    @task
    def close_books() -> None:
        """Waits until the Dag is unpaused."""

    close_books()


finance_close()
