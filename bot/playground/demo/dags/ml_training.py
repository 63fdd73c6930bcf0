"""Trains a model. Fails: the features do not fit into any memory."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from airflow.sdk import dag, task

CUSTOMERS = 900_000
FEATURES = 1_000_000_000


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:ml"],
    default_args={"owner": "ml-team"},
)
def ml_training():
    @task
    def build_features() -> int:
        logging.getLogger(__name__).info("building the feature matrix of %d customers", CUSTOMERS)
        return len(bytearray(CUSTOMERS * FEATURES))

    build_features()


ml_training()
