"""What every change of alerts is made of."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.alert_placing import is_at
from bot.adapters.sql.alert_reads import AlertReads
from bot.adapters.sql.alert_rows import Place, alert_of
from bot.adapters.sql.alert_tables import AlertRow, AlertSubjectRow
from bot.adapters.sql.engine import writing
from bot.domain.alerts import (
    COUNTED_AFTER,
    Alert,
    AlertReminder,
    AlertState,
    AlertWatch,
    Change,
    Patience,
    remind_job,
    told_job,
    watch_job,
)
from bot.domain.failures import Pace
from bot.domain.work import Job

Enqueue = Callable[[Connection, Job], None]

_ALONE = text("SELECT pg_advisory_xact_lock(8317026614553201)")
_MINUTE = timedelta(minutes=1)


class AlertChanges(AlertReads):
    """Changes come one after the other, in all replicas: a failure and the success that answers it
    are never kept without one having seen the other."""

    def __init__(
        self,
        engine: AsyncEngine,
        enqueue: Enqueue,
        *,
        patience: Patience | None = None,
        pace: Pace | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: secrets.token_hex(6),
    ) -> None:
        super().__init__(engine)
        self._enqueue = enqueue
        self._patience = patience or Patience()
        self._pace = pace or Pace()
        self._clock = clock
        self._new_id = new_id

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        async with writing(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(_ALONE)
            yield connection

    async def _room(self, connection: AsyncConnection, channel: str, now: datetime) -> datetime:
        """When the channel bears another thread."""
        row, most = AlertRow, self._patience.a_minute
        is_told = row.state.not_in([AlertState.LISTED.value])
        last = (
            select(row.opens_at)
            .where(row.channel == channel, row.opens_at > now - _MINUTE, is_told)
            .order_by(row.opens_at.desc())
            .offset(most - 1)
            .limit(1)
        )
        found = await connection.scalar(last)
        return now if found is None else max(now, found + _MINUTE)

    async def _watch(self, connection: AsyncConnection, alert: Alert) -> None:
        now = self._clock()
        job = watch_job(AlertWatch(alert.id, now, relapses=alert.relapses), now)
        if job is not None:
            await self._hand_in(connection, job)

    async def _remind(self, connection: AsyncConnection, alert: Alert) -> None:
        if wait := self._patience.reminds.total_seconds():
            reminder = AlertReminder(alert.id, alert.relapses)
            await self._hand_in(connection, remind_job(reminder, wait))

    async def _count(self, connection: AsyncConnection, alert_id: str, last_at: datetime) -> None:
        """Its numbers have changed: shown a minute from now, in a storm no more often."""
        row = (await connection.execute(select(AlertRow).where(AlertRow.id == alert_id))).first()
        if row is None:
            return
        is_shown = row.state == AlertState.OPEN.value and not row.is_counting
        alert = await self._change(
            connection,
            row,
            last_at=max(row.last_at, last_at),
            is_counting=bool(row.is_counting) or is_shown,
        )
        if is_shown:
            await self._hand_in(connection, told_job(alert, Change.COUNTED, COUNTED_AFTER))

    async def _change(self, connection: AsyncConnection, row: Any, **values: Any) -> Alert:
        changed = {**values, "version": row.version + 1, "changed_at": self._clock()}
        statement = update(AlertRow).where(AlertRow.id == row.id).values(changed)
        return alert_of((await connection.execute(statement.returning(AlertRow))).one())

    async def _looked(
        self,
        connection: AsyncConnection,
        where: Place,
        *,
        is_looking: bool,
        alert_id: str | None = None,
    ) -> None:
        values: dict[str, Any] = {"is_looking": is_looking, "due_at": self._clock()}
        if alert_id is not None:
            values["alert_id"] = alert_id
        row = AlertSubjectRow
        await connection.execute(update(row).where(*is_at(row, where)).values(values))

    async def _hand_in(self, connection: AsyncConnection, job: Job) -> None:
        await connection.run_sync(self._enqueue, job)
