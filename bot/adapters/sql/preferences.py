"""What people set for themselves, in the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.preference_tables import PreferenceRow
from bot.adapters.sql.statements import insert_into
from bot.domain.people import Preferences


class SqlPreferences:
    """The ports `PreferenceStore` and `Privacy`. Raises `StoreError`."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    async def preferences(self, workspace: str, user_id: str) -> Preferences:
        found = select(PreferenceRow.patterns, PreferenceRow.keeps_conversations).where(
            PreferenceRow.workspace == workspace, PreferenceRow.user_id == user_id
        )
        with store_errors("Reading what somebody set"):
            async with self._engine.connect() as connection:
                row = (await connection.execute(found)).first()
        if row is None:
            return Preferences()
        return Preferences(tuple(row.patterns.splitlines()), row.keeps_conversations)

    async def keeps(self, workspace: str, user_id: str) -> bool:
        return (await self.preferences(workspace, user_id)).keeps_conversations

    async def set_patterns(self, workspace: str, user_id: str, patterns: Sequence[str]) -> None:
        await self._set(workspace, user_id, patterns="\n".join(patterns))

    async def set_keeping(self, workspace: str, user_id: str, keeps: bool) -> None:
        await self._set(workspace, user_id, keeps_conversations=keeps)

    async def _set(self, workspace: str, user_id: str, **changed: object) -> None:
        """Changes these columns alone; the others begin as if nothing was ever set."""
        values = {"patterns": "", "keeps_conversations": True, **changed}
        changed["changed_at"] = values["changed_at"] = self._clock()
        row = insert_into(self._engine, PreferenceRow).values(
            workspace=workspace, user_id=user_id, **values
        )
        renewed = row.on_conflict_do_update(index_elements=["workspace", "user_id"], set_=changed)
        with store_errors("Keeping what somebody set"):
            async with writing(self._engine) as connection:
                await connection.execute(renewed)
