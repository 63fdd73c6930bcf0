"""A conversation store before another one, for those that do something of their own on the way."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.answers import Reply
from bot.domain.checks import Check
from bot.domain.conversations import Rating, Turn
from bot.domain.questions import ThreadKey
from bot.services.ports import ConversationStore


class PassingStore:
    """The port `ConversationStore`; hands everything on to `store`."""

    def __init__(self, store: ConversationStore) -> None:
        self._store = store

    async def add_turn(self, turn: Turn) -> Sequence[str]:
        return await self._store.add_turn(turn)

    async def set_reply(self, turn_id: str, reply: Reply, reply_ts: str | None) -> Sequence[str]:
        return await self._store.set_reply(turn_id, reply, reply_ts)

    async def turn(self, turn_id: str) -> Turn | None:
        return await self._store.turn(turn_id)

    async def turns(self, thread: ThreadKey) -> Sequence[Turn]:
        return await self._store.turns(thread)

    async def rate(self, rating: Rating) -> None:
        await self._store.rate(rating)

    async def ratings(self, turn_id: str) -> Sequence[Rating]:
        return await self._store.ratings(turn_id)

    async def doctor(self) -> Sequence[Check]:
        return await self._store.doctor()
