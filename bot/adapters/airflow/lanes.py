"""Worker threads that carry calls out, so many at once and the important ones first."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Rank(IntEnum):
    """Which of the waiting calls goes first."""

    DECISIVE = 0
    USEFUL = 1
    BACKGROUND = 2
    STOP = 3


@dataclass(order=True, slots=True)
class _Job:
    rank: Rank
    serial: int
    future: Future[Any] = field(compare=False)
    work: Callable[[], Any] = field(compare=False)


class Lane:
    """`width` daemon threads over one queue, by rank and then by arrival.

    The threads are daemons, unlike those of `concurrent.futures`: a call that the server never
    answers must not keep the process from ending.
    """

    def __init__(self, name: str, width: int) -> None:
        self._name = name
        self._width = width
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._serials = itertools.count()
        self._lock = threading.Lock()
        self._started = 0
        self._closed = False

    def submit(self, work: Callable[[], T], rank: Rank) -> Future[T]:
        """The work's result in the end. Cancelling helps only while it waits for a thread."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError(f"the lane {self._name} is closed")
            self._jobs.put(_Job(rank, next(self._serials), future, work))
            if self._started < self._width:
                self._start()
        return future

    def close(self) -> None:
        """Nothing more is taken on; waiting work is dropped, running work ends by itself."""
        with self._lock:
            self._closed = True
            while True:
                try:
                    self._jobs.get_nowait().future.cancel()
                except queue.Empty:
                    break
            for _ in range(self._started):
                stop: Future[Any] = Future()
                self._jobs.put(_Job(Rank.STOP, next(self._serials), stop, lambda: None))

    def _start(self) -> None:
        self._started += 1
        name = f"{self._name}-{self._started}"
        threading.Thread(target=self._carry_out, name=name, daemon=True).start()

    def _carry_out(self) -> None:
        while True:
            job = self._jobs.get()
            if job.rank is Rank.STOP:
                return
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                result = job.work()
            except BaseException as error:  # handed to whoever waits for the future
                job.future.set_exception(error)
            else:
                job.future.set_result(result)
            del job  # or its result would live until the next job
