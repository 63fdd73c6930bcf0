"""The source of people on call where none is set up: it knows nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.checks import Check
from bot.domain.oncall import (
    OnCallNow,
    Page,
    PageOutcome,
    PageSeen,
    PageState,
    PageStatus,
    Responder,
)
from bot.services.ports import OnCall

_NOBODY = "nobody is set up to be on call. Name a source under on_call in the settings."


class NoOnCall(OnCall):
    """The channel of those on call is called instead."""

    @property
    def levels(self) -> int:
        return 0

    async def on_call(self, level: int, at: datetime) -> OnCallNow:
        return OnCallNow(level, (), "", fault=_NOBODY)

    async def page(self, page: Page) -> PageOutcome:
        return PageOutcome(PageStatus.FAILED, "", _NOBODY)

    async def tell(
        self, level: int, key: str, state: PageState, by: Responder | None = None
    ) -> PageOutcome:
        return PageOutcome(PageStatus.NAMED, "")

    async def seen(self, level: int, key: str) -> PageSeen:
        return PageSeen(PageState.UNKNOWN)

    async def doctor(self) -> Sequence[Check]:
        return ()
