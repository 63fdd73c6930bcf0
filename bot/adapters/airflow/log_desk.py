"""Logs of single tries: read through once, shared by all who ask, kept for a while."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import structlog

from bot.adapters.airflow.api import Api
from bot.adapters.airflow.gate import Gate
from bot.adapters.airflow.outcome import Outcome, Refusal, Reply
from bot.diagnosis.logs.novelty import LineKinds
from bot.domain.evidence import GapReason
from bot.domain.logs import LogReading
from bot.words import mark

log = structlog.get_logger(__name__)

KEPT = 32  # readings of ended tries
KEPT_SECONDS = 900.0
SMALL_LOG = 2_000_000  # bytes up to which a log is compared with others
GREEN_MAX = 4_000_000  # bytes of a successful try's log that are read for it

_TOO_LARGE = Refusal(GapReason.TOO_LARGE, mark("it is too large to be compared"))


class LogReader(Protocol):
    """Takes a log in chunks; a chunk may end in the middle of a line."""

    def feed(self, chunk: bytes) -> None: ...

    def finish(self, *, complete: bool = True) -> LogReading: ...


class MakeLogReader(Protocol):
    """Gives a reader for one try; `known` are the kinds of lines of a successful one."""

    def __call__(self, try_number: int | None, *, known: LineKinds | None = None) -> LogReader: ...


@dataclass(frozen=True, slots=True)
class LogKey:
    """One try. `ended` is None while it may still write: such a reading is not kept.

    `kinds_only`: not what it says is asked, but what kinds of lines it has.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    ended: datetime | None = None
    kinds_only: bool = False


@dataclass(frozen=True, slots=True)
class LogSeen:
    """What became of one log; `refusal` says why it is missing or not whole.

    `packed` is all of a small log that was read whole, compressed, to be read once more beside
    another.
    """

    reading: LogReading | None
    refusal: Refusal | None = None
    packed: bytes | None = field(default=None, repr=False)


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

    async def kinds(self, key: LogKey, seconds: float) -> LineKinds | Refusal:
        """The kinds of lines of one try's log, or why they cannot be had within `seconds`."""
        key = replace(key, kinds_only=True)
        errand = self._join(key)
        try:
            outcome = await self._gate.wait(errand.future, seconds, drop=errand.waiting == 1)
        finally:
            self._leave(key, errand)
        if isinstance(outcome, Refusal):
            return outcome
        kinds = outcome.body
        assert isinstance(kinds, LineKinds)
        return kinds

    def compared(self, seen: LogSeen, known: LineKinds) -> LogReading:
        """The log that was `seen` read once more, beside the `known` kinds of lines."""
        assert seen.reading is not None
        assert seen.packed is not None
        reader = self._make_reader(seen.reading.try_number, known=known)
        reader.feed(zlib.decompress(seen.packed))
        return reader.finish()

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
            return self._read_kinds(key) if key.kinds_only else self._read_through(key)
        except Exception:
            log.exception("log_reader_failed", dag_id=key.dag_id, task_id=key.task_id)
            detail = mark("the log reader stumbled over it")
            return Refusal(GapReason.MALFORMED, detail, remedy=mark("Open the log in Airflow."))

    def _read_through(self, key: LogKey) -> Outcome:
        reader = self._make_reader(key.try_number)
        packer = _Packer()
        fed = 0

        def feed(chunk: bytes) -> None:
            nonlocal fed
            fed += len(chunk)
            packer.add(chunk)
            reader.feed(chunk)

        outcome = self._fetch(key, feed)
        self._on_read(fed)
        if isinstance(outcome, Reply):
            return Reply(LogSeen(reader.finish(complete=True), packed=packer.end()))
        if not fed:
            return outcome
        return Reply(LogSeen(reader.finish(complete=False), outcome))

    def _read_kinds(self, key: LogKey) -> Outcome:
        kinds, fed = LineKinds(), 0

        def feed(chunk: bytes) -> None:
            nonlocal fed
            fed += len(chunk)
            kinds.feed(chunk)
            if fed > GREEN_MAX or not kinds.is_whole:
                raise _Enough

        try:
            outcome = self._fetch(key, feed)
        except _Enough:
            return _TOO_LARGE
        finally:
            self._on_read(fed)
        if isinstance(outcome, Refusal):
            return outcome
        kinds.finish()
        return Reply(kinds)

    def _fetch(self, key: LogKey, feed: Callable[[bytes], None]) -> Outcome:
        return self._api.log(
            key.dag_id, key.run_id, key.task_id, key.map_index, key.try_number, feed
        )


class _Enough(Exception):
    """What comes next of a log is not wanted."""


class _Packer:
    """Compresses a log as it comes, and lets go of one that is not small."""

    def __init__(self) -> None:
        self._size = 0
        self._parts: list[bytes] = []
        self._deflate = zlib.compressobj(level=1)

    def add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > SMALL_LOG:
            self._parts = []
        else:
            self._parts.append(self._deflate.compress(chunk))

    def end(self) -> bytes | None:
        """All of it; None where it is not small."""
        if self._size > SMALL_LOG:
            return None
        return b"".join((*self._parts, self._deflate.flush()))


def _is_worth_keeping(future: Future[Outcome]) -> bool:
    """Only whole readings: a failed one may go better next time."""
    if future.cancelled() or future.exception() is not None:
        return False
    outcome = future.result()
    if not isinstance(outcome, Reply):
        return False
    return not isinstance(outcome.body, LogSeen) or outcome.body.refusal is None
