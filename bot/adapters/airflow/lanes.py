"""Worker threads that carry calls out, so many at once and the important ones first."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Rank(IntEnum):
    """Which of the waiting calls goes first."""

    DECISIVE = 0
    USEFUL = 1
    BACKGROUND = 2


class Lane(Enum):
    """Calls that must not stand in each other's way."""

    CALLS = "calls"
    LOGS = "logs"


@dataclass(order=True, slots=True)
class _Job:
    gives_way: bool
    rank: Rank
    serial: int
    future: Future[Any] = field(compare=False)
    work: Callable[[], Any] = field(compare=False)


class Lanes:
    """`width` places for calls. One log is read at a time, and where there is more than one place,
    one stays free for it.

    The threads are daemons, unlike those of `concurrent.futures`: a call that the server never
    answers must not keep the process from ending.
    """

    def __init__(self, name: str, width: int) -> None:
        self._name = name
        self._width = width
        self._turn = threading.Condition()
        self._waiting: dict[Lane, list[_Job]] = {lane: [] for lane in Lane}
        self._running = dict.fromkeys(Lane, 0)
        self._serials = itertools.count()
        self._threads = 0
        self._closed = False

    @property
    def width(self) -> int:
        return self._width

    @property
    def waiting(self) -> int:
        """Calls that somebody still waits for and that have not begun."""
        with self._turn:
            queued = [job for jobs in self._waiting.values() for job in jobs]
        return sum(not job.future.cancelled() for job in queued)

    def submit(
        self, lane: Lane, work: Callable[[], T], rank: Rank, *, gives_way: bool = False
    ) -> Future[T]:
        """The work's result in the end. Cancelling helps only while it waits for a thread."""
        future: Future[T] = Future()
        with self._turn:
            if self._closed:
                raise RuntimeError(f"the lanes {self._name} are closed")
            job = _Job(gives_way, rank, next(self._serials), future, work)
            heapq.heappush(self._waiting[lane], job)
            if self._threads < self._width:
                self._start()
            self._turn.notify()
        return future

    def resize(self, width: int) -> None:
        """So many places from now on; calls that are under way in places too many end first."""
        with self._turn:
            self._width = width
            while self._threads < width and any(self._waiting.values()):
                self._start()
            self._turn.notify_all()

    def close(self) -> None:
        """Nothing more is taken on; waiting work is dropped, running work ends by itself."""
        with self._turn:
            self._closed = True
            for jobs in self._waiting.values():
                for job in jobs:
                    job.future.cancel()
                jobs.clear()
            self._turn.notify_all()

    def _start(self) -> None:
        self._threads += 1
        name = f"{self._name}-{self._threads}"
        threading.Thread(target=self._carry_out, name=name, daemon=True).start()

    def _carry_out(self) -> None:
        while (taken := self._take()) is not None:
            lane, job = taken
            try:
                result = job.work()
            except BaseException as error:  # handed to whoever waits for the future
                self._leave(lane)
                job.future.set_exception(error)
            else:
                self._leave(lane)
                job.future.set_result(result)
                del result
            del job, taken  # or its result would live until the next job

    def _take(self) -> tuple[Lane, _Job] | None:
        """The next job whose place is free, as soon as there is one; None when closed."""
        with self._turn:
            while not self._closed:
                free = [lane for lane in Lane if self._waiting[lane] and self._has_room(lane)]
                if not free:
                    self._turn.wait()
                    continue
                lane = min(free, key=lambda one: self._waiting[one][0])
                job = heapq.heappop(self._waiting[lane])
                if job.future.set_running_or_notify_cancel():
                    self._running[lane] += 1
                    return lane, job
            return None

    def _leave(self, lane: Lane) -> None:
        with self._turn:
            self._running[lane] -= 1
            self._turn.notify_all()

    def _has_room(self, lane: Lane) -> bool:
        if sum(self._running.values()) >= self._width:
            return False
        return self._running[lane] < (1 if lane is Lane.LOGS else max(1, self._width - 1))
