"""Feeds marketing. Fails: somebody marks the running task as failed."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:marketing"],
    default_args={"owner": "marketing-team"},
)
def marketing_feed():
    @task
    def send_feed() -> None:
        time.sleep(300)

    send_feed()


marketing_feed()
