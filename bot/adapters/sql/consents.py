"""Consents in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from bot.adapters.sql.audit import add_entry
from bot.adapters.sql.consent_tables import ConsentRow as Row
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.statements import insert_into
from bot.domain.audit import AuditEntry
from bot.domain.consents import Basis, Consent, Permission


class SqlConsents:
    """The port `Consents`; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine)

    async def record(self, consent: Consent, entry: AuditEntry) -> None:
        row = insert_into(self._engine, Row).values(_values(consent))
        with store_errors("Keeping a consent"):
            async with writing(self._engine) as connection:
                await connection.execute(row.on_conflict_do_nothing(index_elements=["id"]))
                await add_entry(connection, entry)

    async def withdraw(self, consent_id: str, by: str, at: datetime, entry: AuditEntry) -> bool:
        ended = (
            update(Row)
            .where(Row.id == consent_id, Row.withdrawn_at.is_(None))
            .values(withdrawn_at=at, withdrawn_by=by)
        )
        with store_errors("Withdrawing a consent"):
            async with writing(self._engine) as connection:
                if not (await connection.execute(ended)).rowcount:
                    return False
                await add_entry(connection, entry)
        return True

    async def find(self, consent_id: str) -> Consent | None:
        found = await self._read(Row.id == consent_id)
        return found[0] if found else None

    async def in_force(self, workspace: str, at: datetime) -> Sequence[Consent]:
        return await self._read(
            Row.workspace == workspace,
            Row.recorded_at <= at,
            Row.until > at,
            or_(Row.withdrawn_at.is_(None), Row.withdrawn_at > at),
        )

    async def all(self, workspace: str = "") -> Sequence[Consent]:
        return await self._read(*([Row.workspace == workspace] if workspace else []))

    async def _read(self, *conditions: ColumnElement[bool]) -> list[Consent]:
        statement = select(Row).where(*conditions).order_by(Row.recorded_at, Row.id)
        with store_errors("Reading consents"):
            async with self._sessions() as session:
                return [_consent(row) for row in await session.scalars(statement)]


def _values(consent: Consent) -> dict[str, Any]:
    return {
        "id": consent.id,
        "workspace": consent.workspace,
        "basis": consent.basis.value,
        "slack_permission": consent.permission.slack,
        "organisation_permission": consent.permission.organisation,
        "recorded_by": consent.recorded_by,
        "recorded_at": consent.recorded_at,
        "until": consent.until,
        "withdrawn_at": consent.withdrawn_at,
        "withdrawn_by": consent.withdrawn_by,
        "note": consent.note,
    }


def _consent(row: Row) -> Consent:
    return Consent(
        id=row.id,
        workspace=row.workspace,
        basis=Basis(row.basis),
        permission=Permission(row.slack_permission, row.organisation_permission),
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
        until=row.until,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by=row.withdrawn_by,
        note=row.note,
    )
