"""Exports the archive. Fails: the device that it writes to is full."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

from airflow.sdk import dag, task

FULL_DEVICE = Path("/dev/full")  # Linux has one


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:archive"],
    default_args={"owner": "archive-team"},
)
def archive_export():
    @task
    def write_parts() -> None:
        if not FULL_DEVICE.exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with FULL_DEVICE.open("wb") as part:
            part.write(b"\0" * 1_000_000)

    write_parts()


archive_export()
