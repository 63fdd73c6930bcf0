"""How late the event loop is: whether something of ours blocks it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

EVERY_SECONDS = 0.5
LOOK_BACK_SECONDS = 60.0


class LoopLag:
    """Measured while `run` runs in a task of the loop in question."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            began = self._clock()
            await asyncio.sleep(EVERY_SECONDS)
            self.note(self._clock() - began - EVERY_SECONDS)

    def note(self, lag: float) -> None:
        now = self._clock()
        self._seen.append((now, max(0.0, lag)))
        while self._seen[0][0] < now - LOOK_BACK_SECONDS:
            self._seen.popleft()

    def worst(self) -> float:
        """The longest lag of the last minute, in seconds."""
        since = self._clock() - LOOK_BACK_SECONDS
        return max((lag for at, lag in self._seen if at >= since), default=0.0)
