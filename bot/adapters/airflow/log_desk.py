"""Logs of single tries: read through once, shared by all who ask, kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from bot.adapters.airflow.api import Api
from bot.adapters.airflow.gate import Gate
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply
from bot.domain.evidence import GapReason
from bot.domain.logs import LogReading
from bot.words import mark

log = structlog.get_logger(__name__)

KEPT = 32  # readings of ended tries
KEPT_SECONDS = 900.0


class LogReader(Protocol):
    """Takes a log in chunks; a chunk may end in the middle of a line."""

    def feed(self, chunk: bytes) -> None: ...

    def finish(self, *, complete: bool = True) -> LogReading: ...


MakeLogReader = Callable[[int | None], LogReader]


@dataclass(frozen=True, slots=True)
class LogKey:
    """One try. `ended` is None while it may still write: such a reading is not kept."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogSeen:
    """What became of one log; `refusal` says why it is missing or not whole."""

    reading: LogReading | None
    refusal: Refusal | None = None


@dataclass(slots=True)
class _Errand:
    future: Future[Outcome]
    waiting: int = 0
    done_at: float | None = field(default=None)


class LogDesk:
    """Reads logs through the gate, one at a time.

    A reading goes on after its asker's deadline, since the server does the work either way; who
    asks again then joins it, or finds it done.
    """

    def __init__(
        self,
        api: Api,
        gate: Gate,
        make_reader: MakeLogReader,
        clock: Callable[[], float],
        on_read: Callable[[int], None] = lambda size: None,
    ) -> None:
        """`on_read` is told the bytes of each log that was read, from a thread."""
        self._api = api
        self._on_read = on_read
        self._gate = gate
        self._make_reader = make_reader
        self._clock = clock
        self._lock = threading.Lock()
        self._errands: OrderedDict[LogKey, _Errand] = OrderedDict()

    async def read(self, key: LogKey, seconds: float) -> LogSeen:
        """The log of one try, or why it cannot be had within `seconds`."""
        errand = self._join(key)
        try:
            outcome = await self._gate.wait(errand.future, seconds, drop=errand.waiting == 1)
        finally:
            self._leave(key, errand)
        if isinstance(outcome, Refusal):
            return LogSeen(None, outcome)
        seen = outcome.body
        return seen if isinstance(seen, LogSeen) else LogSeen(None)

    def _join(self, key: LogKey) -> _Errand:
        with self._lock:
            self._forget()
            errand = self._errands.get(key)
            if errand is None or errand.future.cancelled():
                errand = _Errand(self._gate.submit_log(lambda: self._carry_out(key)))
                self._errands[key] = errand
            errand.waiting += 1
            return errand

    def _leave(self, key: LogKey, errand: _Errand) -> None:
        with self._lock:
            errand.waiting -= 1
            over = errand.future.done()
            if over and (key.ended is None or not _is_worth_keeping(errand.future)):
                self._errands.pop(key, None)
            elif over and errand.done_at is None:
                errand.done_at = self._clock()

    def _forget(self) -> None:
        """Drops what is old, and the oldest where there are too many; never what is under way."""
        now = self._clock()
        for key, errand in list(self._errands.items()):
            over = errand.future.done() and not errand.waiting
            stale = errand.done_at is not None and now - errand.done_at > KEPT_SECONDS
            if over and (stale or len(self._errands) >= KEPT):
                del self._errands[key]

    def _carry_out(self, key: LogKey) -> Outcome:
        """The reading thread's door: a log that the reader stumbles over costs the log alone."""
        try:
            return self._read_through(key)
        except Exception:
            log.exception("log_reader_failed", dag_id=key.dag_id, task_id=key.task_id)
            detail = mark("the log reader stumbled over it")
            return Refusal(GapReason.MALFORMED, detail, remedy=mark("Open the log in Airflow."))

    def _read_through(self, key: LogKey) -> Outcome:
        reader = self._make_reader(key.try_number)
        fed = 0

        def feed(chunk: bytes) -> None:
            nonlocal fed
            fed += len(chunk)
            reader.feed(chunk)

        outcome = self._api.log(
            key.dag_id, key.run_id, key.task_id, key.map_index, key.try_number, feed
        )
        self._on_read(fed)
        if isinstance(outcome, Reply):
            return Reply(LogSeen(reader.finish(complete=True)))
        if not fed:
            return outcome
        return Reply(LogSeen(reader.finish(complete=False), outcome))


def _is_worth_keeping(future: Future[Outcome]) -> bool:
    """Only whole readings: a failed one may go better next time."""
    if future.cancelled() or future.exception() is not None:
        return False
    outcome = future.result()
    return (
        isinstance(outcome, Reply)
        and isinstance(outcome.body, LogSeen)
        and outcome.body.refusal is None
    )
