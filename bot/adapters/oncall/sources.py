"""Who is on call, level by level, each level by the source that the settings give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.adapters.oncall.source import Source
from bot.domain.checks import Check
from bot.domain.oncall import (
    OnCallNow,
    Page,
    PageOutcome,
    PageSeen,
    PageState,
    PageStatus,
    Responder,
    Turn,
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
        self, sources: Mapping[str, Source], levels: Sequence[tuple[str, int]] = ()
    ) -> None:
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

    async def turns(self, level: int, at: datetime, horizon: timedelta) -> Sequence[Turn]:
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

    async def seen(self, level: int, key: str) -> PageSeen:
        own = self._at(level)
        return await own.source.seen(own.level, key) if own else PageSeen(PageState.UNKNOWN)

    async def doctor(self) -> Sequence[Check]:
        return [check for source in self._sources.values() for check in await source.doctor()]

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
