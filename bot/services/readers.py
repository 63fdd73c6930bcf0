"""What may be said where: words that were kept, or are carried, as their readers may see them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.services.sights import Sight, Sights

_DIRECT = "D"  # how Slack's ids of direct messages begin
_AT_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class Readers(Protocol):
    """Gives the sight that everybody has who reads what is posted in a thread. `user` is whose it
    is where it is a direct one. Raises `StoreError`."""

    async def of(self, thread: ThreadKey, user: str = "") -> Sight | None:
        """None where they see everything."""
        ...


class Everybody:
    """Sees everything."""

    async def of(self, thread: ThreadKey, user: str = "") -> Sight | None:
        return None


class ReadersByRules:
    """By the rules, as the people of that place would be answered there."""

    def __init__(self, sights: Sights) -> None:
        self._sights = sights

    async def of(self, thread: ThreadKey, user: str = "") -> Sight | None:
        is_direct = thread.channel.startswith(_DIRECT)
        question = Question(
            id="",
            origin=Origin.SLACK,
            asker=Asker(user if is_direct else ""),
            thread=thread,
            message_ts="",
            text="",
            asked_at=_AT_NO_TIME,
            is_direct=is_direct,
        )
        sight = (await self._sights.of_reader(question)).shown(False)
        return sight if sight.is_limited else None
