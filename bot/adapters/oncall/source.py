"""What a source of people on call can do, and what those do that can only name people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.checks import Check
from bot.domain.oncall import (
    OnCallNow,
    OnCallTurn,
    Page,
    PageOutcome,
    PageSeen,
    PageState,
    PageStatus,
    Responder,
)


class Source(Protocol):
    """Levels are the source's own, from 1 on. Nothing raises for what is not answered: outcomes
    say so, but `turns` raises `OnCallError`."""

    @property
    def name(self) -> str:
        """As people are told where it stands."""
        ...

    @property
    def levels(self) -> int:
        """How many it has, as far as it knows."""
        ...

    async def on_call(self, level: int, at: datetime) -> OnCallNow: ...

    async def turns(self, level: int, at: datetime, horizon: timedelta) -> Sequence[OnCallTurn]:
        """In order and without a break; empty where the source cannot look ahead."""
        ...

    async def page(self, level: int, page: Page) -> PageOutcome: ...

    async def tell(
        self, level: int, key: str, state: PageState, by: Responder | None
    ) -> PageOutcome: ...

    async def hand(
        self, level: int, key: str, to: Responder, by: Responder | None
    ) -> PageOutcome: ...

    async def seen(self, level: int, key: str) -> PageSeen: ...

    async def doctor(self) -> Sequence[Check]: ...


class NamesOnly:
    """The part of a source that reaches nobody by itself: whoever asks has to mention people."""

    name: str

    async def page(self, level: int, page: Page) -> PageOutcome:
        return PageOutcome(PageStatus.NAMED, self.name)

    async def tell(
        self, level: int, key: str, state: PageState, by: Responder | None
    ) -> PageOutcome:
        return PageOutcome(PageStatus.NAMED, self.name)

    async def hand(self, level: int, key: str, to: Responder, by: Responder | None) -> PageOutcome:
        return PageOutcome(PageStatus.NAMED, self.name)

    async def seen(self, level: int, key: str) -> PageSeen:
        return PageSeen(PageState.UNKNOWN)
