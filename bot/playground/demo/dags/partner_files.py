"""Waits for a partner's file. Fails: the file does not come in time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:partners"],
    default_args={"owner": "partners-team"},
)
def partner_files():
    @task.sensor(poke_interval=2, timeout=6, mode="poke")
    def wait_for_file() -> bool:
        return Path("/nonexistent/inbox/partner_2026-11-01.csv").exists()

    @task
    def load_file() -> None:
        """Never reached: the file is missing."""

    wait_for_file() >> load_file()


partner_files()
