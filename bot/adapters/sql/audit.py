"""The audit in a database: written once, never changed, read newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker

from bot.adapters.sql.access_tables import AuditRow
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.statements import insert_into
from bot.domain.audit import AuditEntry, AuditQuery, Outcome
from bot.domain.targets import Target


class SqlAuditLog:
    """The port `AuditLog`; the engine belongs to the caller. Texts pass through `redact`."""

    def __init__(self, engine: AsyncEngine, *, redact: Callable[[str], str] = str) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine)
        self._redact = redact

    async def add(self, *entries: AuditEntry) -> None:
        with store_errors("Keeping the audit"):
            async with writing(self._engine) as connection:
                for entry in entries:
                    await add_entry(connection, entry, self._redact)

    async def entries(self, query: AuditQuery) -> Sequence[AuditEntry]:
        statement = (
            select(AuditRow)
            .where(*_conditions(query))
            .order_by(AuditRow.at.desc(), AuditRow.id.desc())
            .limit(query.limit)
            .offset(query.offset)
        )
        with store_errors("Reading the audit"):
            async with self._sessions() as session:
                return [_entry(row) for row in await session.scalars(statement)]


async def add_entry(
    connection: AsyncConnection, entry: AuditEntry, redact: Callable[[str], str] = str
) -> None:
    """Within the caller's transaction; an entry that is there already stays as it is."""
    insert = insert_into(connection, AuditRow).values(_values(entry, redact))
    await connection.execute(insert.on_conflict_do_nothing(index_elements=["key"]))


def _values(entry: AuditEntry, redact: Callable[[str], str]) -> dict[str, Any]:
    target = entry.target or Target("")
    values = {name: value for name, value in asdict(entry).items() if name != "target"}
    return {
        **values,
        **asdict(target),
        "cluster": target.cluster or None,
        "outcome": entry.outcome.value,
        "detail": redact(entry.detail),
    }


def _conditions(query: AuditQuery) -> list[ColumnElement[bool]]:
    wanted: list[tuple[Any, Any]] = [
        (AuditRow.user_id, query.user_id),
        (AuditRow.channel, query.channel),
        (AuditRow.action, query.action),
        (AuditRow.outcome, query.outcome.value if query.outcome else ""),
        (AuditRow.dag_id, query.dag_id),
        (AuditRow.reference, query.reference),
    ]
    conditions: list[ColumnElement[bool]] = [column == value for column, value in wanted if value]
    if query.since is not None:
        conditions.append(AuditRow.at >= query.since)
    return conditions


def _entry(row: AuditRow) -> AuditEntry:
    names = ("cluster", "dag_id", "run_id", "task_id", "map_index", "try_number")
    found = {name: getattr(row, name) for name in names}
    is_about = any(value is not None for value in found.values())
    target = Target(**{**found, "cluster": row.cluster or ""}) if is_about else None
    return AuditEntry(
        key=row.key,
        at=row.at,
        user_id=row.user_id,
        workspace=row.workspace,
        channel=row.channel,
        action=row.action,
        outcome=Outcome(row.outcome),
        target=target,
        rule=row.rule,
        reason=row.reason,
        reference=row.reference,
        detail=row.detail,
    )
