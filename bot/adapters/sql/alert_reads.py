"""What is known of alerts: how each stands, what it reaches, what has not run well since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.alert_rows import alert_of, failure_of
from bot.adapters.sql.alert_tables import AlertFailureRow, AlertRow
from bot.adapters.sql.engine import store_errors, writing
from bot.domain.alerts import Alert, AlertState, Radius
from bot.domain.failures import Failure

_NAMED = 12  # Dags that a card names
_LISTED = 200


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
        return _radius_of(await self._rows(statement))

    async def failing(self, alert_id: str, limit: int) -> Sequence[Failure]:
        row = AlertFailureRow
        statement = (
            select(row)
            .where(row.alert_id == alert_id, row.is_answered.is_(False))
            .order_by(row.at, row.key)
        )
        first: dict[tuple[str, str], Any] = {}
        for found in await self._rows(statement):
            first.setdefault((found.cluster, found.dag_id), found)
        return [failure_of(one) for one in list(first.values())[:limit]]

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


def _radius_of(rows: Sequence[Any]) -> Radius:
    """`rows` are of one task instance each, or of a run as a whole."""
    well: dict[tuple[str, str], bool] = {}
    for row in rows:
        dag = (row.cluster, row.dag_id)
        well[dag] = well.get(dag, True) and bool(row.is_well)
    has_clusters = len({cluster for cluster, _ in well}) > 1
    names = [f"{dag} on {cluster}" if has_clusters else dag for cluster, dag in well]
    return Radius(
        dags=len(well),
        runs=len({(row.cluster, row.dag_id, row.run_id) for row in rows}),
        tasks=sum(bool(row.task_id) for row in rows),
        names=tuple(names[:_NAMED]),
        recovered=sum(well.values()),
    )
