"""Trains a model. Fails: the features do not fit into the memory that the task may use."""

from __future__ import annotations

import logging
import resource
from datetime import UTC, datetime

from airflow.sdk import dag, task

LIMIT = 4 * 1024**3


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:ml"],
    default_args={"owner": "ml-team"},
)
def ml_training():
    @task
    def build_features() -> int:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
        logging.getLogger(__name__).info("building the feature matrix for 900,000 customers")
        return len(bytearray(2 * LIMIT))

    build_features()


ml_training()
