"""How much work is done at once here; work that only waits for other work takes no place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic

from dbos._core import ActiveWorkflowById

from bot.workflows.queues import is_alone

_WAITING_TOO = 7  # times as many again may wait for other work, each for its place back
_CAREFUL_AGAIN = 30.0  # seconds


class Places(ActiveWorkflowById):
    """`at_once` by the name of the queue, the most where work is done alone: see `_Lane`.

    Stands where DBOS counts what is under way before it claims more (private, see the contract
    test): work that waits for its posts, while Slack is in trouble, would else keep everything
    else from being begun.
    """

    def __init__(self, at_once: Mapping[str, int], clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._lanes = {
            queue: _Lane(most, is_careful=is_alone(queue), clock=clock)
            for queue, most in at_once.items()
        }

    def count_for_queue(self, queue_name: str) -> int:
        """Asked in DBOS' threads."""
        under_way = super().count_for_queue(queue_name)
        lane = self._lanes.get(queue_name)
        return under_way + lane.not_offered() if lane is not None else under_way

    @asynccontextmanager
    async def one_for(self, key: str, queue: str) -> AsyncIterator[Place]:
        """Held while inside; who came first is given one first. `queue` is where the work was
        handed in: by now it may stand among what is done alone."""
        lane = self._lanes[self._queue_of(key) or queue]
        place = Place(lane)
        await place.take()
        try:
            yield place
        finally:
            place.give_back()
            lane.survived()

    def _queue_of(self, key: str) -> str | None:
        """Where it was claimed from last."""
        with self._lock:
            claimed = [bucket[0] for bucket in self._m.get(key, ()) if bucket is not None]
        return claimed[-1] if claimed and claimed[-1] in self._lanes else None


class _Lane:
    """The places of one queue.

    A careful one holds what processes may have died of. It begins with one place, and has one more
    for each piece of work that this process has survived: most of it is innocent, and shall not
    wait for one another for long. What is guilty takes few with it, and the next process begins
    with one again; so does this one where nothing was done for a while.
    """

    def __init__(self, most: int, *, is_careful: bool, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._is_careful = is_careful
        self._width = 1 if is_careful else most
        self._free = asyncio.Semaphore(self._width)
        self._too_many = 0  # places that go when they are given back
        self._survived_at = clock()
        self.waiting = 0

    def not_offered(self) -> int:
        """Places that DBOS is not to fill, less the work under way that needs none for now."""
        is_quiet = self._clock() - self._survived_at > _CAREFUL_AGAIN
        width = 1 if self._is_careful and is_quiet else self._width
        return self._most - width - min(self.waiting, _WAITING_TOO * width)

    async def take(self) -> None:
        if self._is_careful and self._clock() - self._survived_at > _CAREFUL_AGAIN:
            self._too_many += self._width - 1
            self._width = 1
            self._survived_at = self._clock()
        while self._too_many and not self._free.locked():
            await self._free.acquire()
            self._too_many -= 1
        await self._free.acquire()

    def give_back(self) -> None:
        if self._too_many:
            self._too_many -= 1
        else:
            self._free.release()

    def survived(self) -> None:
        self._survived_at = self._clock()
        if self._width < self._most:
            self._width += 1
            self._free.release()


class Place:
    """One of the places in `lane`."""

    def __init__(self, lane: _Lane) -> None:
        self._lane = lane
        self._is_held = False
        self._calls = 0

    async def take(self) -> None:
        await self._lane.take()
        self._is_held = True

    def give_back(self) -> None:
        if self._is_held:
            self._is_held = False
            self._lane.give_back()

    @asynccontextmanager
    async def left(self) -> AsyncIterator[None]:
        """Somebody else's while inside, and until the last of several that overlap is left. Not
        taken again by work that is called off."""
        self._calls += 1
        if self._calls == 1:
            self.give_back()
            self._lane.waiting += 1
        try:
            yield
        except BaseException as error:
            await self._come_back(isinstance(error, Exception))
            raise
        await self._come_back(True)

    async def _come_back(self, to_work: bool) -> None:
        self._calls -= 1
        if self._calls == 0:
            self._lane.waiting -= 1
            if to_work:
                await self.take()
