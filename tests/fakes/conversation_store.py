"""Conversations in memory, behind the same port as the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.domain.answers import Reply
from bot.domain.checks import Check, CheckStatus
from bot.domain.conversations import Rating, Turn
from bot.domain.errors import StoreError
from bot.domain.questions import ThreadKey


@dataclass
class FakeConversationStore:
    """Holds everything in dictionaries; `down` makes every call fail as a full disk would."""

    kept: dict[str, Turn] = field(default_factory=dict)
    rated: dict[tuple[str, str], Rating] = field(default_factory=dict)
    down: bool = False

    async def add_turn(self, turn: Turn) -> Sequence[str]:
        self._check()
        known = self.kept.get(turn.id)
        reply_ts = turn.reply_ts or (known.reply_ts if known else None)
        self.kept[turn.id] = replace(turn, reply_ts=reply_ts)
        return ()

    async def set_reply(self, turn_id: str, reply: Reply, reply_ts: str | None) -> Sequence[str]:
        self._check()
        turn = self._known(turn_id)
        self.kept[turn_id] = replace(turn, reply=reply, reply_ts=reply_ts or turn.reply_ts)
        return ()

    async def turn(self, turn_id: str) -> Turn | None:
        self._check()
        return self.kept.get(turn_id)

    async def turns(self, thread: ThreadKey) -> Sequence[Turn]:
        self._check()
        found = [turn for turn in self.kept.values() if turn.question.thread == thread]
        return sorted(found, key=lambda turn: (turn.question.asked_at, turn.id))

    async def rate(self, rating: Rating) -> None:
        self._check()
        self._known(rating.turn_id)
        key = (rating.turn_id, rating.user_id)
        earlier = self.rated.get(key)
        if earlier is None or rating.at >= earlier.at:
            self.rated[key] = rating

    async def ratings(self, turn_id: str) -> Sequence[Rating]:
        self._check()
        found = [rating for rating in self.rated.values() if rating.turn_id == turn_id]
        return sorted(found, key=lambda rating: (rating.at, rating.user_id))

    async def doctor(self) -> Sequence[Check]:
        status = CheckStatus.FAILED if self.down else CheckStatus.OK
        return [Check("database", "in memory", status)]

    def _known(self, turn_id: str) -> Turn:
        if turn_id not in self.kept:
            raise StoreError(f"There is no turn {turn_id}.")
        return self.kept[turn_id]

    def _check(self) -> None:
        if self.down:
            raise StoreError("The store is down.")
