"""The clusters' room in the database: each look in one transaction with what it has to tell."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.capacity_tables import (
    CapacityOutlookRow,
    CapacitySampleRow,
    CapacityWarningRow,
)
from bot.adapters.sql.codec import FORMAT, decode, encode
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.statements import insert_into
from bot.diagnosis.forecast import DAYS, WINDOW, Point
from bot.domain.capacity import (
    HORIZON,
    ClusterOutlook,
    Gauge,
    Outlook,
    Sample,
    Warned,
    told_job,
    warned_of,
)
from bot.domain.work import Job
from bot.services.capacity_ports import History

Enqueue = Callable[[Connection, Job], None]

_AROUND = timedelta(minutes=15)
_DAY = timedelta(days=1)
_MEASURED_FOR = (DAYS + 1) * _DAY


class CapacityReads:
    """What was measured and foreseen, to be looked at; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def history(self, cluster: str, at: datetime) -> History:
        row, since = CapacitySampleRow, at - WINDOW - _AROUND
        spans = [and_(row.at >= since, row.at <= at)]
        for day in range(1, DAYS + 1):
            begin, end = since - day * _DAY, at - day * _DAY + 2 * HORIZON + _AROUND
            spans.append(and_(row.at >= begin, row.at <= end))
        statement = (
            select(row.at, row.gauges).where(row.cluster == cluster, or_(*spans)).order_by(row.at)
        )
        with store_errors("Reading what was measured"):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(statement)).all()
        found: dict[str, list[Point]] = defaultdict(list)
        for one in rows:
            for key, (used, limit, _) in json.loads(one.gauges).items():
                found[key].append(Point(one.at, used, limit))
        return found

    async def outlook(self, cluster: str) -> ClusterOutlook | None:
        row = CapacityOutlookRow
        with store_errors("Reading what is foreseen"):
            async with self._engine.connect() as connection:
                statement = select(row).where(row.cluster == cluster)
                found = (await connection.execute(statement)).first()
        if found is None:
            return None
        return decode(ClusterOutlook, found.body, found.format, "What is foreseen")

    async def warned(self, warned_id: str) -> Warned | None:
        row = CapacityWarningRow
        with store_errors("Reading a warning"):
            async with self._engine.connect() as connection:
                found = (await connection.execute(select(row).where(row.id == warned_id))).first()
        return None if found is None else _warned(found)


class SqlCapacity(CapacityReads):
    """The port `CapacityStore`: each look in one transaction with what it has to tell."""

    def __init__(
        self,
        engine: AsyncEngine,
        enqueue: Enqueue,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(engine)
        self._enqueue = enqueue
        self._clock = clock

    async def keep(self, sample: Sample, outlook: ClusterOutlook, *, tells: bool) -> int:
        gauges = {one.key: [one.used, one.limit, one.waiting] for one in sample.gauges}
        values = {"cluster": sample.cluster, "at": sample.at, "gauges": json.dumps(gauges)}
        with store_errors("Keeping what was measured"):
            async with writing(self._engine) as connection:
                measured = insert_into(connection, CapacitySampleRow).values(values)
                await connection.execute(measured.on_conflict_do_nothing())
                await self._put_outlook(connection, outlook)
                return await self._warn(connection, outlook, tells=tells)

    async def put_thread(self, warned_id: str, thread: str) -> None:
        row = CapacityWarningRow
        with store_errors("Keeping where a warning was told"):
            async with writing(self._engine) as connection:
                told = update(row).where(row.id == warned_id).values(thread=thread)
                await connection.execute(told)

    async def tidy(self, before: datetime) -> int:
        row, sample = CapacityWarningRow, CapacitySampleRow
        measured = max(before, self._clock() - _MEASURED_FOR)
        with store_errors("Tidying what was measured"):
            async with writing(self._engine) as connection:
                gone = await connection.execute(delete(sample).where(sample.at < measured))
                await connection.execute(delete(row).where(row.last_at < before))
                old = CapacityOutlookRow.at < before
                await connection.execute(delete(CapacityOutlookRow).where(old))
        return gone.rowcount

    async def _put_outlook(self, connection: AsyncConnection, outlook: ClusterOutlook) -> None:
        body = {"at": outlook.at, "body": encode(outlook).decode(), "format": FORMAT}
        statement = insert_into(connection, CapacityOutlookRow).values(
            {"cluster": outlook.cluster, **body}
        )
        newer = CapacityOutlookRow.at <= statement.excluded.at
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["cluster"], set_=body, where=newer)
        )

    async def _warn(
        self, connection: AsyncConnection, outlook: ClusterOutlook, *, tells: bool
    ) -> int:
        row, at = CapacityWarningRow, outlook.at
        if at is None:
            return 0
        statement = select(row).where(row.cluster == outlook.cluster, row.is_over.is_(False))
        rows = (await connection.execute(statement)).all()
        known = {one.outlook.gauge.key: one for one in map(_warned, rows)}
        told = 0
        for one in _with_gone(outlook, known.values()):
            before = known.get(one.gauge.key)
            after, is_news = warned_of(outlook.cluster, one, before, at)
            await _put(connection, before, after)
            if is_news and after is not None and tells:
                told += 1
                await connection.run_sync(self._enqueue, told_job(after))
        return told


def _with_gone(outlook: ClusterOutlook, known: Any) -> Sequence[Outlook]:
    """Also what was warned of and is not there any more: a pool that was deleted is no trouble. A
    look that missed something says nothing about what it missed."""
    seen = {one.gauge.key for one in outlook.outlooks}
    if outlook.gaps or outlook.at is None:
        return outlook.outlooks
    gone = [one.outlook.gauge for one in known if one.outlook.gauge.key not in seen]
    empty = [Outlook(Gauge(one.kind, one.name, 0.0), outlook.at) for one in gone]
    return (*outlook.outlooks, *empty)


async def _put(connection: AsyncConnection, before: Warned | None, after: Warned | None) -> None:
    row = CapacityWarningRow
    if after is None:
        if before is not None:
            await connection.execute(delete(row).where(row.id == before.id))
        return
    if after == before:
        return
    values = {
        "cluster": after.cluster,
        "is_over": after.is_over,
        "last_at": after.last_at,
        "body": encode(replace(after, thread="")).decode(),
        "format": FORMAT,
    }
    statement = insert_into(connection, row).values({"id": after.id, "thread": "", **values})
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))


def _warned(row: Any) -> Warned:
    found = decode(Warned, row.body, row.format, "A warning")
    return replace(found, thread=row.thread)
