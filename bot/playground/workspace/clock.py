"""Time as the workspace sees it: the machine's, or one that a test moves by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    def now(self) -> float:
        """Epoch seconds."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """Stands still until `advance`; sleepers wake in the order of their times."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._fell_asleep = asyncio.Event()

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        self._fell_asleep.set()
        await woken

    async def until_somebody_sleeps(self) -> None:
        """Returns once there is somebody whom `advance` could wake."""
        while not self.sleepers:
            self._fell_asleep.clear()
            await self._fell_asleep.wait()

    @property
    def sleepers(self) -> int:
        """How many are waiting for time to pass."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    def advance(self, seconds: float) -> None:
        """Moves time on; whoever is due wakes when the caller next awaits."""
        end = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, woken = heapq.heappop(self._sleepers)
            self._now = due
            if not woken.done():
                woken.set_result(None)
        self._now = end


async def within(clock: Clock, seconds: float, work: asyncio.Future[T]) -> T | None:
    """The result of `work`, or None where `seconds` passed first; the work is then cancelled."""
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        either: set[asyncio.Future[Any]] = {work, timer}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        return None
    finally:
        timer.cancel()
        work.cancel()
