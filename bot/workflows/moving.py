"""What is changed in DBOS' table of work without being asked of DBOS: nothing else offers it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from dbos._utils import INTERNAL_QUEUE_NAME
from sqlalchemy import (
    ColumnElement,
    Connection,
    TableClause,
    Update,
    and_,
    case,
    func,
    select,
    update,
)

from bot.domain.work import Queue
from bot.workflows.queues import IN_ORDER, alone
from bot.workflows.work_rows import is_ours, work_table

# Work that a process did not survive so often is suspected to be why it died.
SUSPECTED_FROM = 3


def hand_on(connection: Connection, dead: Sequence[str]) -> Counter[str]:
    """Unfinished work of processes that died is up for everybody again; how much, by queue.

    Within the caller's transaction, so that whoever dies meanwhile leaves nothing half done. What
    is suspected of the deaths goes to where it is done alone, and the later questions of its thread
    with it, since those are answered in order. All that a process had in hand counts its death, so
    the innocent are among it: there they survive, and the guilty counts on until it is given up.
    Fenced: what a process that was not dead after all may yet write is refused.
    """
    work = work_table(connection.dialect.name)
    is_suspected = work.c.recovery_attempts >= SUSPECTED_FROM
    lanes = [
        (and_(is_suspected, work.c.queue_name == queue.value), alone(queue)) for queue in Queue
    ]
    moved = connection.execute(
        update(work)
        .where(work.c.status == "PENDING", work.c.executor_id.in_(dead), is_ours(work))
        .values(
            status="ENQUEUED",
            queue_name=case(*lanes, else_=func.coalesce(work.c.queue_name, INTERNAL_QUEUE_NAME)),
            owner_xid=None,
            started_at_epoch_ms=None,
            updated_at=int(time.time() * 1000),
        )
        .returning(work.c.queue_name)
    )
    queues = Counter(moved.scalars())
    if queues[alone(IN_ORDER)]:
        connection.execute(_follow(work))
    return queues


def _follow(work: TableClause) -> Update:
    suspected = work.alias()
    shares = select(suspected.c.queue_partition_key).where(
        suspected.c.queue_name == alone(IN_ORDER),
        suspected.c.status.in_(("ENQUEUED", "PENDING")),
    )
    return (
        update(work)
        .where(work.c.queue_name == IN_ORDER, work.c.status.in_(("ENQUEUED", "DELAYED")))
        .where(work.c.queue_partition_key.in_(shares))
        .values(queue_name=alone(IN_ORDER))
    )


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
