"""The end of conversations: each is kept for a time, and then it goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.erasing import without_empty
from bot.adapters.sql.escalation_erasing import erase_questions
from bot.adapters.sql.tables import TurnRow

_AT_A_TIME = 200


class SqlExpiring:
    """`keep` is for how long a conversation is kept by now. Each turn says until when it may stay;
    a shorter time holds for earlier ones as well, a longer one for none of them."""

    def __init__(self, engine: AsyncEngine, keep: timedelta, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._keep = keep
        self._clock = clock

    async def tidy(self, _: datetime) -> int:
        """Forgets turns past their time with all that hangs on them, and their words in
        escalations; how many. What was learnt from them has a time of its own."""
        now, row, count = self._clock(), TurnRow, 0
        over = or_(row.expires_at <= now, row.answered_at <= now - self._keep)
        oldest = select(row.id).where(over).order_by(row.answered_at).limit(_AT_A_TIME)
        with store_errors("Forgetting conversations past their time"):
            while True:
                async with writing(self._engine) as connection:
                    ids = (await connection.scalars(oldest)).all()
                    if ids:
                        await connection.execute(delete(row).where(row.id.in_(ids)))
                        await erase_questions(connection, ids)
                    if len(ids) < _AT_A_TIME:
                        await without_empty(connection)
                count += len(ids)
                if len(ids) < _AT_A_TIME:
                    return count
