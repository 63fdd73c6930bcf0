"""Syncs customers. Fails: its connection was never created in this Airflow."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import BaseHook, dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:crm"],
    default_args={"owner": "crm-team"},
)
def customers_sync():
    @task
    def pull_customers() -> str:
        return BaseHook.get_connection("crm_api").host

    pull_customers()


customers_sync()
