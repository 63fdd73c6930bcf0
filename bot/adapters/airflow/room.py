"""So many questions to one cluster at once, so that one cluster cannot take up all workers."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.domain.errors import AirflowUnavailable
from bot.services.at_work import gives_way

LOOK_SECONDS = 1.0  # between two looks at whether waiting is still worth it

_Waiter = tuple[bool, int, "asyncio.Future[None]"]


class Room:
    """`places` for those who gather. The others wait, people's questions first and each kind in
    the order of arrival, for `wait_seconds` at most and only while the cluster answers at all.

    For one event loop at a time.
    """

    def __init__(
        self, cluster: str, *, places: int, wait_seconds: float, is_silent: Callable[[], bool]
    ) -> None:
        self._cluster = cluster
        self._places = places
        self._wait_seconds = wait_seconds
        self._is_silent = is_silent
        self._serials = itertools.count()
        self._queue: list[_Waiter] = []
        self._inside = 0

    @property
    def inside(self) -> int:
        return self._inside

    @property
    def waiting(self) -> int:
        return sum(not turn.done() for _, _, turn in self._queue)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Raises `AirflowUnavailable` where none became free."""
        await self._enter()
        try:
            yield
        finally:
            self._hand_on()

    async def _enter(self) -> None:
        if self._inside < self._places:
            self._inside += 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (gives_way(), next(self._serials), turn))
        entered = False
        try:
            await self._wait_for(turn)
            entered = True
        finally:
            # The place may have come in the same moment in which the wait was given up.
            if not entered and not turn.cancel():
                self._hand_on()

    async def _wait_for(self, turn: asyncio.Future[None]) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._wait_seconds
        while True:
            left = ends - loop.time()
            await asyncio.wait({turn}, timeout=max(0.0, min(left, LOOK_SECONDS)))
            if turn.done():
                return
            if self._is_silent():
                raise AirflowUnavailable(
                    f"{self._cluster}: Airflow answers nothing at the moment. "
                    "Look at the cluster's API server, then ask again."
                )
            if left <= 0:
                raise AirflowUnavailable(
                    f"{self._cluster}: too many questions at once. Ask again in a minute."
                )

    def _hand_on(self) -> None:
        """The place goes to whoever is next, without being free in between."""
        while self._queue:
            _, _, turn = heapq.heappop(self._queue)
            if not turn.done():
                turn.set_result(None)
                return
        self._inside -= 1
