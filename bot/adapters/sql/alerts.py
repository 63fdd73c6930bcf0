"""Alerts in the database: each change in one transaction with the work it brings about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.alert_changes import AlertChanges
from bot.adapters.sql.alert_finding import answer, open_key, same_dag, unsettled
from bot.adapters.sql.alert_placing import is_at, place
from bot.adapters.sql.alert_rows import alert_of, failure_of, place_of
from bot.adapters.sql.alert_tables import (
    AlertFailureRow,
    AlertRow,
    AlertSubjectRow,
    DagSuccessRow,
)
from bot.adapters.sql.engine import store_errors
from bot.adapters.sql.statements import insert_into
from bot.domain.alerts import (
    UNREACHABLE,
    Alert,
    AlertCheck,
    AlertList,
    AlertState,
    Change,
    Found,
    Look,
    check_job,
    list_job,
    look_job,
    told_job,
)
from bot.domain.failures import Success
from bot.services.alert_ports import (
    Joined,
    NothingLeft,
    Opened,
    Outcome,
    Placed,
    PlacedCount,
)

_TOLD = (AlertState.OPEN.value, AlertState.WAITING.value)


class SqlAlerts(AlertChanges):
    """The port `Alerts`; the engine belongs to the caller."""

    async def place(self, placed: Sequence[Placed]) -> PlacedCount:
        if not placed:
            return PlacedCount()
        with store_errors("Keeping failures that are to be told"):
            async with self._alone() as connection:
                come_to, answered = await place(connection, placed, self._clock(), self._pace)
                for look, delay in come_to.looks:
                    await self._hand_in(connection, look_job(look, delay))
                for alert_id, last_at in come_to.joined.items():
                    await self._count(connection, alert_id, last_at)
        return PlacedCount(len(come_to.looks), len(come_to.joined), answered)

    async def settle(self, look: Look, found: Found) -> Outcome:
        with store_errors("Keeping what a failure came from"):
            async with self._alone() as connection:
                return await self._settle(connection, look, found)

    async def dismiss(self, look: Look) -> None:
        where, row = place_of(look.failure, look.channel), AlertFailureRow
        of_run = (*is_at(row, where), row.run_id == (look.failure.target.run_id or ""))
        with store_errors("Dismissing a failure"):
            async with self._alone() as connection:
                gone = update(row).where(*of_run, row.alert_id == "").values(is_answered=True)
                await connection.execute(gone)
                left = await unsettled(connection, where)
                await self._looked(connection, where, is_looking=bool(left))
                if left:
                    rest = Look(look.channel, failure_of(left[0]), self._clock())
                    await self._hand_in(connection, look_job(rest, self._pace.between))

    async def give_up(self, look: Look) -> None:
        where = place_of(look.failure, look.channel)
        with store_errors("Giving a look up"):
            async with self._alone() as connection:
                await self._looked(connection, where, is_looking=False, alert_id="")

    async def succeed(self, successes: Sequence[Success]) -> int:
        with store_errors("Keeping what ran well"):
            async with self._alone() as connection:
                touched: dict[str, datetime] = {}
                for success in successes:
                    answered = await answer(connection, success)
                    for alert_id in sorted(answered.alerts):
                        touched[alert_id] = max(success.at, touched.get(alert_id, success.at))
                    for alert_id in sorted(answered.to_check):
                        job = check_job(AlertCheck(alert_id, success))
                        await self._hand_in(connection, job)
                ends = [
                    await self._end_if_well(connection, alert_id, at)
                    for alert_id, at in touched.items()
                ]
        return sum(ends)

    async def lose(self, alert_id: str) -> None:
        is_it, over = AlertRow.id == alert_id, AlertState.OVER.value
        with store_errors("Ending an alert that cannot be told"):
            async with self._alone() as connection:
                row = (await connection.execute(select(AlertRow).where(is_it))).first()
                if row is not None and row.state != over:
                    await self._change(connection, row, state=over, open_key=None)

    async def tidy(self, before: datetime) -> int:
        row = AlertFailureRow
        with store_errors("Tidying alerts"):
            async with self._alone() as connection:
                gone = delete(AlertRow).where(AlertRow.changed_at < before)
                count = (await connection.execute(gone)).rowcount
                known = select(AlertRow.id)
                orphans = delete(row).where(row.created_at < before, row.alert_id.not_in(known))
                await connection.execute(orphans)
                old = delete(AlertSubjectRow).where(AlertSubjectRow.due_at < before)
                await connection.execute(old)
                await connection.execute(delete(DagSuccessRow).where(DagSuccessRow.at < before))
        return count

    async def _settle(self, connection: AsyncConnection, look: Look, found: Found) -> Outcome:
        where = place_of(look.failure, look.channel)
        rows = await unsettled(connection, where)
        if not rows:
            await self._looked(connection, where, is_looking=False)
            return NothingLeft()
        before = {row.alert_id for row in rows} - {""}
        come_to = await self._alert_for(connection, look, found, rows, before)
        keys = [row.key for row in rows]
        of_these = (AlertFailureRow.channel == look.channel, AlertFailureRow.key.in_(keys))
        await connection.execute(
            update(AlertFailureRow).where(*of_these).values(alert_id=come_to.alert.id)
        )
        is_looking = found.is_unreachable
        await self._looked(connection, where, is_looking=is_looking, alert_id=come_to.alert.id)
        for alert_id in before - {come_to.alert.id}:
            await self._leave(connection, alert_id)
        is_more = any(row.alert_id != come_to.alert.id for row in rows)
        if isinstance(come_to, Joined) and is_more:
            await self._count(connection, come_to.alert.id, max(row.at for row in rows))
        return come_to

    async def _alert_for(
        self,
        connection: AsyncConnection,
        look: Look,
        found: Found,
        rows: Sequence[Any],
        before: Collection[str],
    ) -> Opened | Joined:
        known = await self._joinable(connection, look, found)
        if known is not None and known.state == AlertState.LISTED.value:
            return await self._promote(connection, known)
        if known is not None:
            return Joined(alert_of(known))
        flapping = await self._flapping(connection, look, found)
        if flapping is not None:
            return await self._relapse(connection, flapping)
        if before and not found.is_unreachable:
            converted = await self._convert(connection, look, found, min(before))
            if converted is not None:
                return converted
        return await self._open(connection, look, found, rows)

    async def _joinable(self, connection: AsyncConnection, look: Look, found: Found) -> Any:
        """The alert that takes others in, or the one in which the same Dag fails still."""
        key = open_key(look.channel, found)
        row = (await connection.execute(select(AlertRow).where(AlertRow.open_key == key))).first()
        if row is not None and row.last_at >= self._clock() - self._patience.joins:
            return row
        if row is not None:
            # What happens now elsewhere is another incident.
            closing = update(AlertRow).where(AlertRow.id == row.id).values(open_key=None)
            await connection.execute(closing)
        return await same_dag(connection, look, found, AlertRow.state.in_(_TOLD), fails=True)

    async def _flapping(self, connection: AsyncConnection, look: Look, found: Found) -> Any:
        since = self._clock() - self._patience.flaps
        is_fresh = AlertRow.recovered_at >= since
        recovered = (AlertRow.state == AlertState.RECOVERED.value) & is_fresh
        return await same_dag(connection, look, found, recovered, fails=False)

    async def _open(
        self, connection: AsyncConnection, look: Look, found: Found, rows: Sequence[Any]
    ) -> Opened:
        now = self._clock()
        opens_at = await self._room(connection, look.channel, now)
        is_listed = opens_at - now > self._patience.waits
        state = AlertState.LISTED if is_listed else AlertState.WAITING
        times = [row.at for row in rows]
        list_key = f"{now:%Y%m%dT%H%M}" if is_listed else ""
        values = {
            "id": self._new_id(),
            "open_key": open_key(look.channel, found),
            "channel": look.channel,
            "incident": found.incident,
            "title": found.title,
            "turn_id": found.turn_id,
            "state": state.value,
            "first_at": min(times),
            "last_at": max(times),
            "opens_at": now if is_listed else opens_at,
            "recovered_at": None,
            "relapses": 0,
            "version": 1,
            "thread": "",
            "list_key": list_key,
            "is_counting": False,
            "changed_at": now,
        }
        row = (
            await connection.execute(
                insert_into(connection, AlertRow).values(values).returning(AlertRow)
            )
        ).one()
        alert = alert_of(row)
        if is_listed:
            body = AlertList(look.channel, list_key)
            await self._hand_in(connection, list_job(body, 60.0 - now.second))
        else:
            await self._begin(connection, alert, (opens_at - now).total_seconds())
        return Opened(alert)

    async def _promote(self, connection: AsyncConnection, row: Any) -> Opened | Joined:
        """What was only named gets a thread once it fails on and there is room."""
        now = self._clock()
        opens_at = await self._room(connection, row.channel, now)
        if opens_at - now > self._patience.waits or row.list_key == f"{now:%Y%m%dT%H%M}":
            return Joined(alert_of(row))
        alert = await self._change(
            connection, row, state=AlertState.WAITING.value, opens_at=opens_at
        )
        await self._begin(connection, alert, (opens_at - now).total_seconds())
        return Opened(alert)

    async def _relapse(self, connection: AsyncConnection, row: Any) -> Opened:
        alert = await self._change(
            connection,
            row,
            state=AlertState.OPEN.value,
            open_key=f"{row.channel}\n{row.incident}",
            recovered_at=None,
            relapses=row.relapses + 1,
        )
        await self._hand_in(connection, told_job(alert, Change.RELAPSED))
        await self._watch(connection, alert)
        await self._remind(connection, alert)
        return Opened(alert)

    async def _convert(
        self, connection: AsyncConnection, look: Look, found: Found, alert_id: str
    ) -> Opened | None:
        """The message that Airflow did not answer becomes that of the first cause that is found;
        whatever else is in it waits for its own look."""
        row = (await connection.execute(select(AlertRow).where(AlertRow.id == alert_id))).first()
        if row is None or row.state not in _TOLD:
            return None
        aside = update(AlertFailureRow).where(AlertFailureRow.alert_id == alert_id)
        await connection.execute(aside.values(alert_id=""))
        alert = await self._change(
            connection,
            row,
            incident=found.incident,
            title=found.title,
            turn_id=found.turn_id,
            open_key=open_key(look.channel, found),
        )
        if alert.state is AlertState.OPEN:
            await self._hand_in(connection, told_job(alert, Change.OPENED))
        return Opened(alert)

    async def _begin(self, connection: AsyncConnection, alert: Alert, delay: float) -> None:
        await self._hand_in(connection, told_job(alert, Change.OPENED, delay))
        await self._watch(connection, alert)
        await self._remind(connection, alert)

    async def _leave(self, connection: AsyncConnection, alert_id: str) -> None:
        """Of an alert that Airflow did not answer nothing is left: it is told elsewhere."""
        left = select(func.count()).where(AlertFailureRow.alert_id == alert_id)
        row = (await connection.execute(select(AlertRow).where(AlertRow.id == alert_id))).first()
        if row is None or not row.incident.startswith(UNREACHABLE):
            return
        if await connection.scalar(left):
            await self._count(connection, alert_id, row.last_at)
            return
        was_told = row.state == AlertState.OPEN.value
        alert = await self._change(connection, row, state=AlertState.OVER.value, open_key=None)
        if was_told:
            await self._hand_in(connection, told_job(alert, Change.MOVED))

    async def _end_if_well(self, connection: AsyncConnection, alert_id: str, at: datetime) -> bool:
        row = (await connection.execute(select(AlertRow).where(AlertRow.id == alert_id))).first()
        if row is None:
            return False
        failing = (AlertFailureRow.alert_id == alert_id, AlertFailureRow.is_answered.is_(False))
        if await connection.scalar(select(func.count()).where(*failing)):
            await self._count(connection, alert_id, row.last_at)
            return False
        if row.state != AlertState.OPEN.value:
            if row.state in (AlertState.WAITING.value, AlertState.LISTED.value):
                await self._change(connection, row, state=AlertState.OVER.value, open_key=None)
            return False
        alert = await self._change(
            connection, row, state=AlertState.RECOVERED.value, recovered_at=at, open_key=None
        )
        await self._hand_in(connection, told_job(alert, Change.RECOVERED))
        return True
