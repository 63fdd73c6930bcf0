"""Counts the inventory. Never registered: it imports a package that is not installed here."""

from __future__ import annotations

from datetime import UTC, datetime

import stocktaking_client
from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    default_args={"owner": "inventory-team"},
)
def inventory_count():
    @task
    def count() -> int:
        return stocktaking_client.count()

    count()


inventory_count()
