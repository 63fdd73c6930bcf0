"""What is changed in DBOS' table of work without being asked of DBOS: nothing else offers it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, update

from bot.domain.work import Queue
from bot.workflows.queues import alone
from bot.workflows.work_rows import work_table

# Work that a process did not survive so often is suspected to be why it died.
SUSPECTED_FROM = 3


def set_apart(connection: Connection, dead: Sequence[str]) -> int:
    """Unfinished work of processes that died goes to where it is done alone, once it is suspected
    of their death; how much. All that a process had in hand counts its death, so the innocent are
    among it: alone they survive, and only the guilty counts on until it is given up."""
    work = work_table(connection.dialect.name)
    moved = 0
    for queue in Queue:
        suspected = (
            update(work)
            .where(work.c.status == "PENDING", work.c.executor_id.in_(dead))
            .where(work.c.queue_name == queue.value)
            .where(work.c.recovery_attempts >= SUSPECTED_FROM)
        )
        moved += connection.execute(suspected.values(queue_name=alone(queue))).rowcount
    return moved


def put_off(connection: Connection, key: str, executor_id: str, seconds: float) -> None:
    """Work that this process has claimed is up for everybody again in so many seconds, as if it
    had not been claimed. The execution under way can write nothing more."""
    work = work_table(connection.dialect.name)
    attempts: ColumnElement[int] = work.c.recovery_attempts - 1
    connection.execute(
        update(work)
        .where(work.c.workflow_uuid == key)
        .where(work.c.status == "PENDING", work.c.executor_id == executor_id)
        .values(
            status="DELAYED",
            delay_until_epoch_ms=int((time.time() + seconds) * 1000),
            owner_xid=None,
            started_at_epoch_ms=None,
            recovery_attempts=attempts,
        )
    )
