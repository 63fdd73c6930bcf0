"""Failures by incident: what was looked into, together with what alerts took in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.alert_tables import AlertFailureRow, AlertRow, DagSuccessRow
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.incident_tables import IncidentFailureRow
from bot.adapters.sql.statements import insert_into
from bot.domain.incidents import FailureSeen
from bot.domain.verdicts import VerdictKind

_KINDS = {kind.value: kind for kind in VerdictKind}


class SqlIncidents:
    """The port `Incidents`; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def keep(self, failure: FailureSeen) -> None:
        key = ("cluster", "dag_id", "run_id", "task_id", "map_index")
        found = {
            "incident": failure.incident,
            "title": failure.title,
            "kind": failure.kind.value if failure.kind else "",
            "turn_id": failure.turn_id,
            "at": failure.at,
        }
        place = dict(zip(key, failure.place, strict=True))
        statement = insert_into(self._engine, IncidentFailureRow).values({**place, **found})
        newer = IncidentFailureRow.at <= statement.excluded.at
        with store_errors("Keeping a failure of an incident"):
            async with writing(self._engine) as connection:
                await connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=list(key), set_=found, where=newer
                    )
                )

    async def since(self, since: datetime, limit: int) -> Sequence[FailureSeen]:
        return await self._seen(IncidentFailureRow.at >= since, AlertFailureRow.at >= since, limit)

    async def of(self, incident: str, since: datetime, limit: int) -> Sequence[FailureSeen]:
        own, told = IncidentFailureRow, AlertFailureRow
        return await self._seen(
            (own.incident == incident) & (own.at >= since),
            (AlertRow.incident == incident) & (told.at >= since),
            limit,
        )

    async def tidy(self, before: datetime) -> int:
        row = IncidentFailureRow
        with store_errors("Tidying incidents"):
            async with writing(self._engine) as connection:
                return (await connection.execute(delete(row).where(row.at < before))).rowcount

    async def _seen(
        self, looked_into: ColumnElement[bool], told: ColumnElement[bool], limit: int
    ) -> Sequence[FailureSeen]:
        own, alert, failure = IncidentFailureRow, AlertRow, AlertFailureRow
        by_look = (
            select(
                *_place(own), own.at, _ran_well(own), own.incident, own.title, own.kind, own.turn_id
            )
            .where(looked_into)
            .order_by(own.at.desc())
            .limit(limit)
            .subquery()
        )
        by_alert = (
            select(
                *_place(failure),
                failure.at,
                failure.is_answered,
                alert.incident,
                alert.title,
                literal("").label("kind"),
                alert.turn_id,
            )
            .join(alert, alert.id == failure.alert_id)
            .where(told)
            .order_by(failure.at.desc())
            .limit(limit)
            .subquery()
        )
        both = union_all(select(by_look), select(by_alert)).subquery()
        statement = select(both).order_by(both.c.at.desc()).limit(limit)
        with store_errors("Looking up incidents"):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(statement)).all()
        return [_failure(row) for row in rows]


def _place(row: Any) -> tuple[Any, ...]:
    return (row.cluster, row.dag_id, row.run_id, row.task_id, row.map_index)


def _ran_well(row: Any) -> Any:
    """Whether Airflow reported that another run of the Dag ended well after this; a run may end
    well with a task failed in it."""
    success = DagSuccessRow
    is_later = (success.at > row.at, success.run_id != row.run_id)
    of_dag = (success.cluster == row.cluster, success.dag_id == row.dag_id)
    return exists().where(*of_dag, *is_later).label("is_answered")


def _failure(row: Any) -> FailureSeen:
    return FailureSeen(
        incident=row.incident,
        cluster=row.cluster,
        dag_id=row.dag_id,
        run_id=row.run_id,
        task_id=row.task_id,
        map_index=row.map_index,
        at=row.at,
        is_answered=bool(row.is_answered),
        title=row.title,
        kind=_KINDS.get(row.kind),
        turn_id=row.turn_id,
    )
