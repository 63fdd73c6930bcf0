"""Sessions of the console in a database, and what is good once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.adapters.sql.console_tables import ConsoleGrantRow, ConsoleSessionRow
from bot.adapters.sql.engine import store_errors, writing
from bot.services.console_ports import Role, Session


class SqlSessions:
    """The port `Sessions`; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def open(self, key: str, session: Session) -> None:
        """Forgets those that are over as well."""
        values = {
            "key": key,
            "user_id": session.user_id,
            "workspace": session.workspace,
            "name": session.name,
            "role": session.role.value if session.role else "",
            "csrf": session.csrf,
            "began_at": session.began_at,
            "until": session.until,
        }
        over = delete(ConsoleSessionRow).where(ConsoleSessionRow.until < session.began_at)
        with store_errors("Opening a session"):
            async with writing(self._engine) as connection:
                await connection.execute(over)
                await connection.execute(insert(ConsoleSessionRow).values(values))

    async def find(self, key: str, now: datetime) -> Session | None:
        known = select(ConsoleSessionRow).where(
            ConsoleSessionRow.key == key, ConsoleSessionRow.until > now
        )
        with store_errors("Looking for a session"):
            async with AsyncSession(self._engine) as session:
                row = (await session.scalars(known)).first()
        return None if row is None else _session(row)

    async def close(self, key: str) -> None:
        statement = delete(ConsoleSessionRow).where(ConsoleSessionRow.key == key)
        with store_errors("Closing a session"):
            async with writing(self._engine) as connection:
                await connection.execute(statement)

    async def close_all(self, user_id: str, workspace: str) -> None:
        statement = delete(ConsoleSessionRow).where(
            ConsoleSessionRow.user_id == user_id, ConsoleSessionRow.workspace == workspace
        )
        with store_errors("Closing sessions"):
            async with writing(self._engine) as connection:
                await connection.execute(statement)


class SqlGrants:
    """The port `Grants`; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def put(self, key: str, kind: str, body: str, until: datetime) -> None:
        values = {"key": key, "kind": kind, "body": body, "until": until}
        with store_errors("Keeping a grant"):
            async with writing(self._engine) as connection:
                await connection.execute(insert(ConsoleGrantRow).values(values))

    async def take(self, key: str, kind: str, now: datetime) -> str | None:
        """Forgets those that are over as well."""
        over = delete(ConsoleGrantRow).where(ConsoleGrantRow.until <= now)
        taken = (
            delete(ConsoleGrantRow)
            .where(ConsoleGrantRow.key == key, ConsoleGrantRow.kind == kind)
            .returning(ConsoleGrantRow.body)
        )
        with store_errors("Taking a grant"):
            async with writing(self._engine) as connection:
                await connection.execute(over)
                return (await connection.scalars(taken)).first()


def _session(row: ConsoleSessionRow) -> Session:
    return Session(
        user_id=row.user_id,
        workspace=row.workspace,
        name=row.name,
        csrf=row.csrf,
        began_at=row.began_at,
        until=row.until,
        role=Role(row.role) if row.role else None,
    )
