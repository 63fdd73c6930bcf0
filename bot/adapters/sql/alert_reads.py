"""What is known of alerts: how each stands, what it reaches, what has not run well since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Integer, cast, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import aliased

from bot.adapters.sql.alert_radius import NAMED, part_name, radius_of
from bot.adapters.sql.alert_rows import alert_of, diverted_of, failure_of
from bot.adapters.sql.alert_tables import AlertFailureRow, AlertRow
from bot.adapters.sql.engine import store_errors, writing
from bot.domain.alerts import Alert, AlertState, Radius
from bot.domain.failures import Failure

_LISTED = 200
_DIVERTED = 5  # channels that a card names
_FAILS = (AlertState.OPEN.value, AlertState.WAITING.value, AlertState.LISTED.value)


class AlertReads:
    """The part of the port `Alerts` that changes no alert, but for how it is shown."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def alert(self, alert_id: str) -> Alert | None:
        rows = await self._rows(select(AlertRow).where(AlertRow.id == alert_id))
        return alert_of(rows[0]) if rows else None

    async def open(self, alert_id: str) -> Alert | None:
        row = AlertRow
        waits = (row.id == alert_id, row.state == AlertState.WAITING.value)
        opening = update(row).where(*waits).values(state=AlertState.OPEN.value)
        with store_errors("Opening an alert"):
            async with writing(self._engine) as connection:
                await connection.execute(opening)
        return await self.alert(alert_id)

    async def counted(self, alert_id: str) -> Alert | None:
        shown = update(AlertRow).where(AlertRow.id == alert_id).values(is_counting=False)
        with store_errors("Counting the failures of an alert"):
            async with writing(self._engine) as connection:
                found = await connection.execute(shown.returning(AlertRow))
                row = found.first()
        return alert_of(row) if row is not None else None

    async def radius(self, alert_id: str) -> Radius:
        row = AlertFailureRow
        instance = (row.cluster, row.dag_id, row.run_id, row.task_id, row.map_index)
        is_well = func.min(cast(row.is_answered, Integer)).label("is_well")
        statement = (
            select(*instance, func.min(row.at).label("since"), is_well)
            .where(row.alert_id == alert_id)
            .group_by(*instance)
            .order_by(func.min(row.at), *instance)
        )
        radius = radius_of(await self._rows(statement))
        diverted = select(row.diverted).where(row.alert_id == alert_id, row.diverted != "")
        found = await self._rows(diverted.distinct().order_by(row.diverted).limit(_DIVERTED))
        return replace(
            radius,
            beside=await self._beside(alert_id) if radius.well else (),
            diverted=tuple(diverted_of(words) for (words,) in found),
        )

    async def _beside(self, alert_id: str) -> tuple[str, ...]:
        """What fails of the same Dags for other causes that are told in the same channel."""
        row, own, alert = AlertFailureRow, aliased(AlertFailureRow), AlertRow
        is_same_dag = (
            own.alert_id == alert_id,
            own.channel == row.channel,
            own.cluster == row.cluster,
            own.dag_id == row.dag_id,
        )
        statement = (
            select(row.dag_id, row.task_id, alert.title)
            .join(alert, alert.id == row.alert_id)
            .where(
                row.alert_id != alert_id,
                row.is_answered.is_(False),
                alert.state.in_(_FAILS),
                exists().where(*is_same_dag),
            )
            .distinct()
            .order_by(row.dag_id, row.task_id, alert.title)
            .limit(NAMED)
        )
        found = await self._rows(statement)
        return tuple(f"{part_name(one)} ({one.title})" for one in found)

    async def failing(self, alert_id: str) -> Sequence[Failure]:
        first: dict[tuple[str, str, str], Failure] = {}
        for one in await self.unanswered(alert_id):
            target = one.target
            part = (target.cluster, target.dag_id or "", target.task_id or "")
            first.setdefault(part, one)
        return list(first.values())

    async def unanswered(self, alert_id: str) -> Sequence[Failure]:
        row = AlertFailureRow
        fails = (row.alert_id == alert_id, row.is_answered.is_(False))
        rows = await self._rows(select(row).where(*fails).order_by(row.at, row.key))
        return [failure_of(one) for one in rows]

    async def put_thread(self, alert_id: str, thread: str) -> None:
        statement = update(AlertRow).where(AlertRow.id == alert_id).values(thread=thread)
        with store_errors("Keeping where an alert stands"):
            async with writing(self._engine) as connection:
                await connection.execute(statement)

    async def listed(self, channel: str, key: str) -> Sequence[Alert]:
        row = AlertRow
        is_on_it = (row.channel == channel, row.list_key == key)
        statement = select(row).where(*is_on_it, row.state == AlertState.LISTED.value)
        rows = await self._rows(statement.order_by(row.first_at, row.id).limit(_LISTED))
        return [alert_of(one) for one in rows]

    async def _rows(self, statement: Any) -> Sequence[Any]:
        with store_errors("Looking up alerts"):
            async with self._engine.connect() as connection:
                return (await connection.execute(statement)).all()
