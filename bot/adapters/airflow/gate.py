"""The only way to a cluster: so many calls at once, one log at a time, none while it suffers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from bot.adapters.airflow.breaker import Breaker, BreakerState
from bot.adapters.airflow.lanes import Lane, Rank
from bot.adapters.airflow.outcome import Outcome, Refusal
from bot.domain.evidence import GapReason

Work = Callable[[], Outcome]

_TROUBLE = frozenset({GapReason.UNAVAILABLE, GapReason.TIMEOUT})


class Gate:
    """Holds everything the process asks of one cluster to `max_calls` at once.

    One of them is kept for logs, since a large log takes a minute of the server's time and must
    neither be joined by another nor stand in the way of small calls. A call occupies its place
    until the server has answered, even where nobody waits for the answer any more: the server
    goes on working on it. Usable from any event loop.
    """

    def __init__(
        self,
        name: str,
        *,
        max_calls: int = 4,
        slow_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._slow_seconds = slow_seconds
        self._breaker = Breaker(clock)
        self._calls = Lane(f"airflow-{name}", max(1, max_calls - 1))
        self._logs = Lane(f"airflow-{name}-log", 1) if max_calls > 1 else self._calls
        self._lock = threading.Lock()
        self._in_flight = 0
        self._left: set[Future[Outcome]] = set()

    @property
    def in_flight(self) -> int:
        """Calls that the server is at work on, abandoned ones included."""
        return self._in_flight

    @property
    def abandoned(self) -> int:
        """Calls in flight that nobody waits for any more."""
        return len(self._left)

    @property
    def breaker(self) -> BreakerState:
        return self._breaker.state

    def submit(self, work: Work, rank: Rank = Rank.USEFUL) -> Future[Outcome]:
        """Queues a small call. `work` runs in a thread and must not raise for a failed call."""
        return self._queue(self._calls, work, rank, timed=True)

    def submit_log(self, work: Work) -> Future[Outcome]:
        """Queues the reading of a log, which is slow without anything being wrong."""
        return self._queue(self._logs, work, Rank.DECISIVE, timed=False)

    async def call(self, work: Work, *, seconds: float, rank: Rank = Rank.USEFUL) -> Outcome:
        """The outcome of a small call; a refusal where `seconds` pass or the breaker is open."""
        return await self.wait(self.submit(work, rank), seconds)

    async def wait(self, future: Future[Outcome], seconds: float, *, drop: bool = True) -> Outcome:
        """Waits for a queued call. With `drop` it is taken back where it has not begun by then."""
        wrapped = asyncio.wrap_future(future)
        wrapped.add_done_callback(_looked_at)
        try:
            await asyncio.wait({wrapped}, timeout=max(seconds, 0.0))
        finally:
            if not future.done() and not (drop and future.cancel()):
                self._abandon(future)
        if future.cancelled():
            detail = "its turn did not come before the deadline"
            return Refusal(GapReason.TIMEOUT, detail, remedy="Ask again in a minute.")
        if not future.done():
            detail = "Airflow did not answer before the deadline"
            return Refusal(GapReason.TIMEOUT, detail, remedy="Ask again in a minute.")
        return future.result()

    def refusal(self) -> Refusal | None:
        """Why nothing may be asked just now, if so."""
        return _spared(self._breaker.wait)

    def close(self) -> None:
        """Takes on nothing more; calls under way end by themselves."""
        self._calls.close()
        self._logs.close()

    def _queue(self, lane: Lane, work: Work, rank: Rank, *, timed: bool) -> Future[Outcome]:
        refused = self.refusal()
        if refused:
            settled: Future[Outcome] = Future()
            settled.set_result(refused)
            return settled
        return lane.submit(lambda: self._carry_out(work, timed), rank)

    def _carry_out(self, work: Work, timed: bool) -> Outcome:
        admission = self._breaker.admit()
        spared = _spared(admission.wait)
        if spared:
            return spared
        self._count(1)
        went_well = False
        began = self._clock()
        try:
            outcome = work()
            slow = timed and self._clock() - began > self._slow_seconds
            went_well = not slow and not _is_trouble(outcome)
            return outcome
        finally:
            self._count(-1)
            self._breaker.report(admission, went_well)

    def _count(self, change: int) -> None:
        with self._lock:
            self._in_flight += change

    def _abandon(self, future: Future[Outcome]) -> None:
        self._left.add(future)
        future.add_done_callback(self._left.discard)


def _looked_at(wrapped: asyncio.Future[Outcome]) -> None:
    """The inner future's result is used; asyncio must not report this one's as lost."""
    if not wrapped.cancelled():
        wrapped.exception()


def _is_trouble(outcome: Outcome) -> bool:
    return isinstance(outcome, Refusal) and outcome.reason in _TROUBLE


def _spared(wait: float) -> Refusal | None:
    if wait <= 0:
        return None
    detail = "the cluster has been slow or failing, so it is spared for now"
    remedy = f"Ask again in {max(1, round(wait))} s; look at the cluster's API server."
    return Refusal(GapReason.UNAVAILABLE, detail, remedy=remedy)
