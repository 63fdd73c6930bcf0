"""Geocodes addresses. Fails: it takes longer than its execution timeout allows."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:geo"],
    default_args={"owner": "geo-team"},
)
def geocoding():
    @task(execution_timeout=timedelta(seconds=4))
    def geocode() -> None:
        for address in range(100):
            logging.getLogger(__name__).info("address %d geocoded", address)
            time.sleep(1)

    geocode()


geocoding()
