"""Reported failures in the database, in batches that are certain to be told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import aliased

from bot.adapters.sql.codec import FORMAT, decode, encode
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.statements import delete_before, insert_into
from bot.adapters.sql.tables import FailureBatchRow, ReportedFailureRow
from bot.domain.errors import NotReadable, StoreError
from bot.domain.failures import Failure, Pace, batch_job
from bot.domain.work import Job

Enqueue = Callable[[Connection, Job], None]
_NO_BATCH = 0  # until the failure has got one, within the same transaction
_TRIES = 20


class SqlReportedFailures:
    """The port `ReportedFailures`; the engine belongs to the caller.

    Whoever opens a batch hands its job to `enqueue` in the same transaction. A failure joins a
    batch under a shared lock on the batch's row, and `take` closes the batch under an exclusive
    one: what was committed into a batch is told with it, and nothing joins it after that.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        enqueue: Enqueue,
        *,
        pace: Pace | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._enqueue = enqueue
        self._pace = pace or Pace()
        self._clock = clock
        self._turn = asyncio.Lock()  # in the order of arrival; SQLite's own lock is not fair

    async def add(self, failures: Sequence[Failure]) -> int:
        """How many were not known yet; these survive any crash from here on."""
        rows = {failure.key: _row(failure) for failure in reversed(failures)}
        if not rows:
            return 0
        with store_errors("Keeping reported failures"):
            async with self._turn, self._engine.begin() as connection:
                # First a write: SQLite takes its lock at once, or could not get it after a read.
                new = await self._insert_new(connection, [rows[key] for key in sorted(rows)])
                if new:
                    batch = await self._open_batch(connection)
                    await connection.execute(
                        update(ReportedFailureRow)
                        .where(ReportedFailureRow.key.in_(new))
                        .values(batch=batch)
                    )
        return len(new)

    async def take(self, number: int) -> Sequence[Failure]:
        now = self._clock()
        closing = (
            update(FailureBatchRow)
            .where(
                FailureBatchRow.closed_at.is_(None),
                # Those that are overdue would else be told one by one after an outage.
                or_(FailureBatchRow.number == number, FailureBatchRow.due_at <= now),
            )
            .values(closed_at=now, taken_by=number)
        )
        with store_errors("Collecting reported failures"):
            async with writing(self._engine) as connection:
                await connection.execute(closing)
                return await _failures_of(connection, number)

    async def tidy(self, before: datetime) -> int:
        """Forgets what was reported before then; returns how many failures that were. Reported
        again, they count as new."""
        gone, told = ReportedFailureRow, FailureBatchRow
        with store_errors("Tidying reported failures"):
            async with writing(self._engine) as connection:
                await connection.execute(delete(told).where(told.closed_at < before))
            return await delete_before(self._engine, gone.key, gone.created_at, before)

    async def _insert_new(
        self, connection: AsyncConnection, rows: Sequence[dict[str, Any]]
    ) -> Sequence[str]:
        now = self._clock()
        values = [{**row, "batch": _NO_BATCH, "created_at": now} for row in rows]
        statement = (
            insert_into(connection, ReportedFailureRow).values(values).on_conflict_do_nothing()
        )
        return (await connection.scalars(statement.returning(ReportedFailureRow.key))).all()

    async def _open_batch(self, connection: AsyncConnection) -> int:
        """The number of a batch that stays open until this transaction ends."""
        for _ in range(_TRIES):
            now = self._clock()
            joined = await connection.scalar(
                select(FailureBatchRow.number)
                .where(FailureBatchRow.closed_at.is_(None), FailureBatchRow.due_at > now)
                .order_by(FailureBatchRow.number.desc())
                .limit(1)
                .with_for_update(read=True)
            )
            number = joined or await self._begin_batch(connection, now)
            if number is not None:
                return number
        raise StoreError("Reported failures found no open batch. Send them again.")

    async def _begin_batch(self, connection: AsyncConnection, now: datetime) -> int | None:
        """None where somebody else began the same batch in this moment."""
        last = await connection.scalar(select(func.max(FailureBatchRow.number)))
        # By the clock, so that a number never comes again after its row was deleted.
        number = max(int(now.timestamp()), (last or 0) + 1)
        due = now + timedelta(seconds=self._pace.gather)
        statement = insert_into(connection, FailureBatchRow).values(
            number=number, opened_at=now, due_at=due
        )
        inserted = statement.on_conflict_do_nothing().returning(FailureBatchRow.number)
        if await connection.scalar(inserted) is None:
            return None
        job = batch_job(number, (due - now).total_seconds())
        await connection.run_sync(self._enqueue, job)
        return number


def _row(failure: Failure) -> dict[str, Any]:
    target = failure.target
    return {
        "key": failure.key,
        "run": f"{target.cluster}:{target.dag_id}:{target.run_id}",
        "of_task": target.task_id is not None,
        "body": encode(failure).decode(),
        "format": FORMAT,
    }


async def _failures_of(connection: AsyncConnection, number: int) -> tuple[Failure, ...]:
    row, earlier = ReportedFailureRow, aliased(ReportedFailureRow)
    known_by_a_task = exists().where(
        earlier.run == row.run, earlier.of_task, earlier.batch < row.batch
    )
    statement = (
        select(row.body, row.format)
        .join(FailureBatchRow, FailureBatchRow.number == row.batch)
        .where(FailureBatchRow.taken_by == number, or_(row.of_task, not_(known_by_a_task)))
        .order_by(row.created_at, row.key)
    )
    rows = (await connection.execute(statement)).all()
    try:
        return tuple(decode(Failure, body, form, "A reported failure") for body, form in rows)
    except StoreError as error:
        # Tried again for a day, it would hold up all batches after this one.
        raise NotReadable(str(error)) from error
