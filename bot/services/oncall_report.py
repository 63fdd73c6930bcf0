"""Who is on call now and next, level by level."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.domain.oncall import FIRST_LEVEL
from bot.domain.questions import Question
from bot.domain.reports import OnCallLevel, OnCallReport
from bot.services.on_call_port import OnCall


class OnCallService:
    """`on_call` None: no source is configured."""

    def __init__(self, on_call: OnCall | None, now: Callable[[], datetime]) -> None:
        self._on_call = on_call
        self._now = now

    async def report(self, question: Question, reference: str) -> OnCallReport:
        levels = self._on_call.levels if self._on_call is not None else 0
        found = [await self._level(FIRST_LEVEL + number) for number in range(levels)]
        return OnCallReport(reference, tuple(found))

    async def _level(self, level: int) -> OnCallLevel:
        if self._on_call is None:
            raise ValueError("there are no levels without a source")
        now = await self._on_call.on_call(level, self._now())
        if now.until is None:
            return OnCallLevel(now)
        return OnCallLevel(now, await self._on_call.on_call(level, now.until))
