"""Where the app is installed, in the database, with its tokens sealed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.installation_tables import InstallationRow as Row
from bot.adapters.sql.installation_tables import OAuthStateRow
from bot.adapters.sql.sealing import Seal
from bot.adapters.sql.statements import insert_into
from bot.domain.installations import Installation


class SqlInstallations:
    """The port `Installations`; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine, seal: Seal) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine)
        self._seal = seal

    async def put(self, installation: Installation) -> None:
        values = self._values(installation)
        row = insert_into(self._engine, Row).values(workspace=installation.workspace, **values)
        again = row.on_conflict_do_update(index_elements=["workspace"], set_=values)
        with store_errors("Keeping an installation"):
            async with writing(self._engine) as connection:
                await connection.execute(again)

    async def find(self, workspace: str) -> Installation | None:
        with store_errors("Looking for an installation"):
            async with self._sessions() as session:
                row = await session.get(Row, workspace)
        return None if row is None else self._installation(row)

    async def list(self) -> Sequence[Installation]:
        statement = select(Row).order_by(Row.installed_at, Row.workspace)
        with store_errors("Listing installations"):
            async with self._sessions() as session:
                rows = (await session.scalars(statement)).all()
        return [self._installation(row) for row in rows]

    async def remove(self, workspace: str, until: datetime) -> bool:
        gone = delete(Row).where(Row.workspace == workspace, Row.installed_at <= until)
        with store_errors("Deleting an installation"):
            async with writing(self._engine) as connection:
                await connection.execute(gone)
                left = await connection.scalar(
                    select(Row.workspace).where(Row.workspace == workspace)
                )
        return left is None

    async def may_renew(self, workspace: str, now: datetime, until: datetime) -> bool:
        free = or_(Row.renewing_until.is_(None), Row.renewing_until < now)
        statement = update(Row).where(Row.workspace == workspace, free)
        return await self._changes(statement.values(renewing_until=until))

    async def renewed(self, installation: Installation, used: str) -> bool:
        values = self._values(installation)
        of_token = ("tokens", "refresh_digest", "expires_at", "renewing_until")
        changed = {name: values[name] for name in of_token}
        statement = update(Row).where(
            Row.workspace == installation.workspace, Row.refresh_digest == _digest(used)
        )
        return await self._changes(statement.values(changed))

    async def not_renewed(self, workspace: str) -> None:
        statement = update(Row).where(Row.workspace == workspace)
        await self._changes(statement.values(renewing_until=None))

    async def _changes(self, statement: Any) -> bool:
        with store_errors("Keeping a token"):
            async with writing(self._engine) as connection:
                return bool((await connection.execute(statement)).rowcount)

    def _values(self, one: Installation) -> dict[str, Any]:
        return {
            "name": one.name,
            "enterprise_id": one.enterprise_id,
            "bot_user_id": one.bot_user_id,
            "bot_id": one.bot_id,
            "scopes": one.scopes,
            "tokens": self._seal.close(json.dumps([one.bot_token, one.refresh_token])),
            "refresh_digest": _digest(one.refresh_token),
            "expires_at": one.expires_at,
            "renewing_until": None,
            "installed_at": one.installed_at,
            "installed_by": one.installed_by,
        }

    def _installation(self, row: Row) -> Installation:
        bot_token, refresh_token = json.loads(self._seal.open(row.tokens))
        return Installation(
            workspace=row.workspace,
            name=row.name,
            bot_token=bot_token,
            bot_user_id=row.bot_user_id,
            bot_id=row.bot_id,
            installed_at=row.installed_at,
            installed_by=row.installed_by,
            enterprise_id=row.enterprise_id,
            scopes=row.scopes,
            refresh_token=refresh_token,
            expires_at=row.expires_at,
        )


class SqlOAuthStates:
    """States of installations under way: each is good once, in any process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, state: str, now: datetime, until: datetime) -> None:
        """Those that are over are forgotten meanwhile. Raises `StoreError`."""
        row = insert_into(self._engine, OAuthStateRow).values(
            digest=_digest(state), expires_at=until
        )
        with store_errors("Keeping a state"):
            async with writing(self._engine) as connection:
                await connection.execute(
                    delete(OAuthStateRow).where(OAuthStateRow.expires_at < now)
                )
                await connection.execute(row)

    async def take(self, state: str, now: datetime) -> bool:
        """Whether it was there, and not for too long. Raises `StoreError`."""
        statement = delete(OAuthStateRow).where(
            OAuthStateRow.digest == _digest(state), OAuthStateRow.expires_at >= now
        )
        with store_errors("Looking for a state"):
            async with writing(self._engine) as connection:
                return bool((await connection.execute(statement)).rowcount)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
