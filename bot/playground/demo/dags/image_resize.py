"""Resizes images. Fails: its process is killed, and nothing in Airflow says by whom."""

from __future__ import annotations

import logging
import os
import signal
import time
from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:media"],
    default_args={"owner": "media-team"},
)
def image_resize():
    @task
    def resize() -> None:
        for batch in range(3):
            logging.getLogger(__name__).info("batch %d of 40 resized", batch + 1)
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    resize()


image_resize()
