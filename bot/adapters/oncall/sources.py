"""Who is on call, level by level, each level by the source that the settings give it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.adapters.oncall.source import Source
from bot.domain.checks import Check, CheckStatus
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

SOURCES = ("rota", "pagerduty", "user_group")
"""Their names, in the order in which they are called unless levels are given."""

_NOBODY = "nobody is set up to be on call. Name a source under on_call in the settings."


@dataclass(frozen=True, slots=True)
class _Own:
    """One of our levels, as its source counts."""

    source: Source
    level: int


class LeveledOnCall:
    """Implements `OnCall`. `levels` name a source, and which level that is there; without any,
    every source that there is gives all of its levels, one source after the other."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        now: Callable[[], datetime],
        levels: Sequence[tuple[str, int]] = (),
    ) -> None:
        self._now = now
        self._sources = {name: sources[name] for name in SOURCES if name in sources}
        self._fixed = tuple(_Own(self._sources[name], level) for name, level in levels)

    @property
    def levels(self) -> int:
        return len(self._plan())

    async def on_call(self, level: int, at: datetime) -> OnCallNow:
        own = self._at(level)
        if own is None:
            return OnCallNow(level, (), "", fault=self._no_level(level))
        return replace(await own.source.on_call(own.level, at), level=level)

    async def turns(self, level: int, at: datetime, horizon: timedelta) -> Sequence[OnCallTurn]:
        """Who takes over from whom; empty where the source cannot look ahead. Raises `OnCallError`
        where it cannot be asked."""
        own = self._at(level)
        turns = await own.source.turns(own.level, at, horizon) if own else ()
        return tuple(replace(turn, level=level) for turn in turns)

    async def page(self, page: Page) -> PageOutcome:
        own = self._at(page.level)
        if own is None:
            return PageOutcome(PageStatus.FAILED, "", self._no_level(page.level))
        return await own.source.page(own.level, page)

    async def tell(
        self, level: int, key: str, state: PageState, by: Responder | None = None
    ) -> PageOutcome:
        own = self._at(level)
        if own is None:
            return PageOutcome(PageStatus.FAILED, "", self._no_level(level))
        return await own.source.tell(own.level, key, state, by)

    async def hand(
        self, level: int, key: str, to: Responder, by: Responder | None = None
    ) -> PageOutcome:
        own = self._at(level)
        if own is None:
            return PageOutcome(PageStatus.NAMED, "")
        return await own.source.hand(own.level, key, to, by)

    async def seen(self, level: int, key: str) -> PageSeen:
        own = self._at(level)
        return await own.source.seen(own.level, key) if own else PageSeen(PageState.UNKNOWN)

    async def doctor(self) -> Sequence[Check]:
        """Each source, and then who would be called at this moment."""
        checks = [check for source in self._sources.values() for check in await source.doctor()]
        for level in range(1, self.levels + 1):
            checks.append(_check(await self.on_call(level, self._now())))
        return checks

    def _plan(self) -> Sequence[_Own]:
        """A rota may have got further levels since it was looked at last."""
        return self._fixed or [
            _Own(source, level)
            for source in self._sources.values()
            for level in range(1, source.levels + 1)
        ]

    def _at(self, level: int) -> _Own | None:
        plan = self._plan()
        return plan[level - 1] if 1 <= level <= len(plan) else None

    def _no_level(self, level: int) -> str:
        count = self.levels
        return f"there is no level {level}, only {count}." if count else _NOBODY


def _check(now: OnCallNow) -> Check:
    part, name = "on call", f"level {now.level}"
    if now.fault:
        return Check(part, name, CheckStatus.FAILED, now.fault)
    if not now.responders:
        remedy = f"Nobody is called at this level. Put somebody there in {now.source}."
        return Check(part, name, CheckStatus.WARNING, "nobody is on call now", remedy)
    detail = f"{', '.join(one.name for one in now.responders)}, by {now.source}"
    status = CheckStatus.WARNING if now.warning else CheckStatus.OK
    return Check(part, name, status, detail, now.warning)
