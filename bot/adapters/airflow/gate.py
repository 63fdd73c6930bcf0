"""The only way to a cluster: so many calls at once, one log at a time, none while it suffers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial

from bot.adapters.airflow.breaker import Breaker, BreakerState
from bot.adapters.airflow.lanes import Lane, Lanes, Rank
from bot.adapters.airflow.outcome import Outcome, Refusal
from bot.adapters.airflow.pulse import Pulse
from bot.domain.evidence import GapReason
from bot.services.at_work import gives_way
from bot.services.no_meter import NoMeter
from bot.services.ports import Meter
from bot.words import mark, number, say

Work = Callable[[], Outcome]

LOOK_SECONDS = 1.0  # between two looks at whether waiting for a turn is still worth it

_TROUBLE = frozenset({GapReason.UNAVAILABLE, GapReason.TIMEOUT})
_NO_METER = NoMeter()


class Gate:
    """Holds what all processes ask of one cluster to `max_calls` at once, each to its share.

    One call is kept for logs, since a large log takes a minute of the server's time and must
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
        silent_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        meter: Meter = _NO_METER,
    ) -> None:
        """While all calls under way have been unanswered for `silent_seconds`, no more go out."""
        self._name = name
        self._max_calls = max_calls
        self._clock = clock
        self._slow_seconds = slow_seconds
        self._silent_seconds = silent_seconds
        self._meter = meter
        self._breaker = Breaker(clock)
        self._pulse = Pulse(clock)
        self._lanes = Lanes(f"airflow-{name}", max_calls)
        self._lock = threading.Lock()
        self._in_flight = 0
        self._left: set[Future[Outcome]] = set()

    @property
    def share(self) -> int:
        """Calls at once that this process may make."""
        return self._lanes.width

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

    @property
    def waiting(self) -> int:
        """Calls whose turn has not come."""
        return self._lanes.waiting

    @property
    def is_silent(self) -> bool:
        """The server has answered none of the small calls under way for too long."""
        return self._pulse.silence() >= self._silent_seconds

    def set_replicas(self, count: int) -> None:
        """Says how many processes ask this cluster: each makes its part of `max_calls`, but at
        least one. Where the part shrinks, calls under way end first."""
        share = max(1, self._max_calls // max(1, count))
        if share != self._lanes.width:
            self._lanes.resize(share)

    def submit(self, work: Work, rank: Rank = Rank.USEFUL) -> Future[Outcome]:
        """Queues a small call. `work` runs in a thread and must not raise for a failed call."""
        return self._queue(Lane.CALLS, work, rank)

    def submit_log(self, work: Work) -> Future[Outcome]:
        """Queues the reading of a log, which is slow without anything being wrong."""
        return self._queue(Lane.LOGS, work, Rank.DECISIVE)

    async def call(self, work: Work, *, seconds: float, rank: Rank = Rank.USEFUL) -> Outcome:
        """The outcome of a small call; a refusal where `seconds` pass or the breaker is open."""
        return await self.wait(self.submit(work, rank), seconds)

    async def wait(self, future: Future[Outcome], seconds: float, *, drop: bool = True) -> Outcome:
        """Waits for a queued call. With `drop` it is taken back where it has not begun by then."""
        wrapped = asyncio.wrap_future(future)
        wrapped.add_done_callback(_looked_at)
        try:
            await self._until(wrapped, seconds, lambda: drop and not future.running())
        finally:
            if not future.done() and not (drop and future.cancel()):
                self._abandon(future)
        if future.done() and not future.cancelled():
            return future.result()
        if future.cancelled():
            return self._unheard() or _late(mark("its turn did not come before the deadline"))
        return _late(mark("Airflow did not answer before the deadline"))

    def refusal(self) -> Refusal | None:
        """Why nothing may be asked just now, if so."""
        return _spared(self._breaker.wait) or self._unheard()

    def close(self) -> None:
        """Takes on nothing more; calls under way end by themselves."""
        self._lanes.close()

    async def _until(
        self, wrapped: asyncio.Future[Outcome], seconds: float, is_queued: Callable[[], bool]
    ) -> None:
        """Returns when it is done or `seconds` are over; a queued call of a silent cluster is not
        waited for."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while not wrapped.done():
            left = ends - loop.time()
            await asyncio.wait({wrapped}, timeout=max(0.0, min(left, LOOK_SECONDS)))
            if left <= LOOK_SECONDS or (is_queued() and self.is_silent):
                return

    def _queue(self, lane: Lane, work: Work, rank: Rank) -> Future[Outcome]:
        refused = self.refusal()
        if refused:
            settled: Future[Outcome] = Future()
            settled.set_result(refused)
            return settled
        timed = lane is Lane.CALLS
        # What is logged in the thread carries the ids of the question.
        call = partial(copy_context().run, self._carry_out, work, timed)
        return self._lanes.submit(lane, call, rank, gives_way=gives_way())

    def _carry_out(self, work: Work, timed: bool) -> Outcome:
        admission = self._breaker.admit()
        spared = _spared(admission.wait)
        if spared:
            return spared
        self._count(1)
        went_well = False
        began = self._clock()
        beat = self._pulse.begin() if timed else None
        try:
            outcome = work()
            taken = self._clock() - began
            went_well = not (timed and taken > self._slow_seconds) and not _is_trouble(outcome)
            self._meter.airflow_call(self._name, _word(outcome), taken)
            return outcome
        finally:
            self._count(-1)
            if beat is not None:
                self._pulse.end(beat)
            self._breaker.report(admission, went_well)

    def _unheard(self) -> Refusal | None:
        if not self.is_silent:
            return None
        detail = say("Airflow has answered nothing for {n} s", n=number(self._pulse.silence()))
        remedy = say("Look at the cluster's API server, then ask again.")
        return Refusal(GapReason.UNAVAILABLE, detail, remedy=remedy)

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


def _late(detail: str) -> Refusal:
    return Refusal(GapReason.TIMEOUT, detail, remedy=say("Ask again in a minute."))


def _word(outcome: Outcome) -> str:
    return outcome.reason.value if isinstance(outcome, Refusal) else "ok"


def _is_trouble(outcome: Outcome) -> bool:
    return isinstance(outcome, Refusal) and outcome.reason in _TROUBLE


def _spared(wait: float) -> Refusal | None:
    if wait <= 0:
        return None
    detail = say("the cluster has been slow or failing, so it is spared for now")
    remedy = say(
        "Ask again in {n} s; look at the cluster's API server.", n=number(max(1, round(wait)))
    )
    return Refusal(GapReason.UNAVAILABLE, detail, remedy=remedy)
