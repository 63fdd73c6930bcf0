"""The door to how conversations ended, for reports, exports and reviews."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.outcomes import EndedConversation
from bot.domain.questions import ThreadKey


@dataclass(frozen=True, slots=True)
class EndingsQuery:
    """Which conversations are wanted: begun from `since` on and before `until`, in that workspace;
    nothing named means all. `said_since`: only those about whose end somebody said something from
    then on."""

    since: datetime | None = None
    until: datetime | None = None
    workspace: str = ""
    said_since: datetime | None = None


ALL = EndingsQuery()


class Endings(Protocol):
    """Every method raises `StoreError`."""

    def ended(self, query: EndingsQuery = ALL) -> AsyncIterator[EndedConversation]:
        """In the order in which they began; a page at a time is held, however many there are."""
        ...

    async def of(self, thread: ThreadKey) -> EndedConversation | None: ...
