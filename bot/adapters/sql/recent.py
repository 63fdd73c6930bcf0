"""The threads in which somebody asked last."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from bot.adapters.sql.engine import store_errors
from bot.adapters.sql.rows import turn_of
from bot.adapters.sql.tables import ConversationRow, TurnRow
from bot.domain.conversations import Turn


class SqlRecentThreads:
    """The port `RecentThreads`. Raises `StoreError`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._sessions = async_sessionmaker(engine)

    async def recent(self, workspace: str, user_id: str, limit: int) -> Sequence[Turn]:
        """The newest turn of each thread, newest first; without evidence."""
        newest = (
            select(TurnRow.conversation_id, func.max(TurnRow.asked_at).label("asked_at"))
            .where(TurnRow.user_id == user_id, TurnRow.workspace == workspace)
            .where(TurnRow.reply_ts.is_not(None))
            .group_by(TurnRow.conversation_id)
            .order_by(func.max(TurnRow.asked_at).desc())
            .limit(limit)
            .subquery()
        )
        of_threads = (
            select(TurnRow)
            .join(
                newest,
                (newest.c.conversation_id == TurnRow.conversation_id)
                & (newest.c.asked_at == TurnRow.asked_at),
            )
            .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
            .where(TurnRow.user_id == user_id)
            .order_by(TurnRow.asked_at.desc(), TurnRow.id)
            .limit(limit)
        )
        with store_errors("Looking for somebody's threads"):
            async with self._sessions() as session:
                rows = (await session.scalars(of_threads)).all()
        return [turn_of(row, None) for row in rows]
