"""Exports through a pool of one slot. Waits: another export holds the slot for a long time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:exports"],
    default_args={"owner": "exports-team"},
)
def exports_small_pool():
    @task(pool="exports", priority_weight=10)
    def export_large() -> None:
        time.sleep(1800)

    @task(pool="exports")
    def export_small() -> None:
        """Waits for the slot that the large export holds."""

    export_large()
    export_small()


exports_small_pool()
