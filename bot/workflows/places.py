"""How much work is done at once here; work that only waits for other work takes no place."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from dbos._core import ActiveWorkflowById

_WAITING_TOO = 7  # times as many again may wait for other work, each for its place back


class Places(ActiveWorkflowById):
    """`at_once` by the name of the queue.

    Stands where DBOS counts what is under way before it claims more (private, see the contract
    test): work that waits for its posts, while Slack is in trouble, would else keep everything
    else from being begun.
    """

    def __init__(self, at_once: Mapping[str, int]) -> None:
        super().__init__()
        self._at_once = dict(at_once)
        self._free = {queue: asyncio.Semaphore(places) for queue, places in at_once.items()}
        self._waiting: Counter[str] = Counter()

    def count_for_queue(self, queue_name: str) -> int:
        """Asked in DBOS' threads."""
        most = _WAITING_TOO * self._at_once.get(queue_name, 0)
        return super().count_for_queue(queue_name) - min(self._waiting[queue_name], most)

    @asynccontextmanager
    async def one_for(self, key: str, queue: str) -> AsyncIterator[Place]:
        """Held while inside; who came first is given one first. `queue` is where the work was
        handed in: by now it may stand among what is done alone."""
        queue = self._queue_of(key) or queue
        place = Place(queue, self._free[queue], self._waiting)
        await place.take()
        try:
            yield place
        finally:
            place.give_back()

    def _queue_of(self, key: str) -> str | None:
        """Where it was claimed from last."""
        with self._lock:
            claimed = [bucket[0] for bucket in self._m.get(key, ()) if bucket is not None]
        return claimed[-1] if claimed and claimed[-1] in self._free else None


class Place:
    """One of the places in `queue`."""

    def __init__(self, queue: str, free: asyncio.Semaphore, waiting: Counter[str]) -> None:
        self._queue = queue
        self._free = free
        self._waiting = waiting
        self._is_held = False
        self._calls = 0

    async def take(self) -> None:
        await self._free.acquire()
        self._is_held = True

    def give_back(self) -> None:
        if self._is_held:
            self._is_held = False
            self._free.release()

    @asynccontextmanager
    async def left(self) -> AsyncIterator[None]:
        """Somebody else's while inside, and until the last of several that overlap is left. Not
        taken again by work that is called off."""
        self._calls += 1
        if self._calls == 1:
            self.give_back()
            self._waiting[self._queue] += 1
        try:
            yield
        except BaseException as error:
            await self._come_back(isinstance(error, Exception))
            raise
        await self._come_back(True)

    async def _come_back(self, to_work: bool) -> None:
        self._calls -= 1
        if self._calls == 0:
            self._waiting[self._queue] -= 1
            if to_work:
                await self.take()
