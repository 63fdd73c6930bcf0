"""Fetches payments. Fails: nothing listens where the payment service should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:payments"],
    default_args={"owner": "payments-team"},
)
def payments_ingest():
    @task(retries=1, retry_delay=timedelta(seconds=2))
    def fetch_payments() -> int:
        return len(httpx.get("http://127.0.0.1:9/payments", timeout=5).json())

    fetch_payments()


payments_ingest()
