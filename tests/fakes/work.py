"""Durable work in memory: steps that can be killed and taken up again, and what they lean on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, NoReturn, TypeVar

from bot.domain.errors import BotError, StoreError
from bot.domain.questions import ThreadKey
from bot.domain.work import ONCE, Delivery, Job, Retry
from bot.services.no_meter import NoMeter
from bot.services.ports import DurableSteps, Posted

T = TypeVar("T")

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]


class Killed(BaseException):
    """The process died here. Not an `Exception`: nobody gets to catch a kill -9."""


@dataclass
class Journal:
    """What one piece of work leaves behind for the process that takes it up again."""

    kept: list[tuple[str, Any]] = field(default_factory=list)  # name and result, or its error
    begun: list[str] = field(default_factory=list)  # one for each time that a step's work began
    pauses: list[float] = field(default_factory=list)  # before tries after the first
    children: dict[str, Journal] = field(default_factory=dict)  # of the jobs that it waits for
    started: list[Job] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)  # of the work as a whole: one, once done


class ReplaySteps:
    """The port `DurableSteps`, for one life of a process over a `journal` that outlives it.

    Dies after `dies_after` further results were kept; with `keeps_last` False just before the
    last of them is kept, though its work was done. Work that takes another road than the journal
    shows fails, as it does where results that cannot be kept are returned. Errors that the project
    does not raise on purpose are told as a `BotError`.
    """

    def __init__(
        self,
        journal: Journal | None = None,
        *,
        handlers: Mapping[str, Handler] | None = None,
        dies_after: int | None = None,
        keeps_last: bool = True,
    ) -> None:
        self.journal = journal if journal is not None else Journal()
        self._handlers = handlers or {}
        self._left = dies_after
        self._keeps_last = keeps_last
        self._place = 0

    async def run(self, name: str, work: Callable[[], Awaitable[T]], retry: Retry = ONCE) -> T:
        async def tried() -> T:
            return await self._tried(name, work, retry)

        return await self._once(name, tried)  # type: ignore[no-any-return]

    async def call(self, job: Job) -> Any:
        child = self.journal.children.setdefault(job.key, Journal())

        async def done() -> Any:
            """A job lives on when its caller dies, so what it came to is kept with the job."""
            if not child.results:
                steps = ReplaySteps(child, handlers=self._handlers)
                child.results.append(await self._handlers[job.kind](job.body, steps))
            return child.results[0]

        return await self._once(f"call {job.key}", done)

    async def start(self, job: Job) -> None:
        async def begun() -> None:
            if job.key not in {one.key for one in self.journal.started}:
                self.journal.started.append(job)

        await self._once(f"start {job.key}", begun)

    async def _tried(self, name: str, work: Callable[[], Awaitable[T]], retry: Retry) -> T:
        pause = retry.pause
        for attempt in range(1, retry.attempts + 1):
            self.journal.begun.append(name)
            try:
                return await work()
            except Exception as error:
                if attempt == retry.attempts or _is_final(error):
                    raise
            self.journal.pauses.append(pause)
            pause = min(pause * 2, retry.longest)
        raise AssertionError("a step is tried at least once")

    async def _once(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        kept, self._place = self.journal.kept, self._place + 1
        if self._place <= len(kept):
            known, result = kept[self._place - 1]
            assert known == name, f"step {self._place} was {known} and is {name} now"
        else:
            result = await self._outcome(work)
            self._keep(name, result)
        if isinstance(result, Exception):
            raise type(result)(*result.args)
        return result

    async def _outcome(self, work: Callable[[], Awaitable[Any]]) -> Any:
        try:
            result = await work()
        except BotError as error:
            return error
        except Exception as error:
            return BotError(f"{type(error).__name__}: {error}")
        assert_keepable(result)
        return result

    def _keep(self, name: str, result: Any) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left == 0 and not self._keeps_last:
                self._die(name)
        self.journal.kept.append((name, result))
        if self._left == 0:
            self._die(name)

    def _die(self, name: str) -> NoReturn:
        raise Killed(f"at {name}")


def _is_final(error: Exception) -> bool:
    return isinstance(error, BotError) and error.final


def assert_keepable(value: object, where: str = "result") -> None:
    """Fails unless `value` is frozen values, enums, times and plain JSON all the way down."""
    match value:
        case None | bool() | int() | float() | str() | datetime() | Enum():
            return
        case tuple() | list():
            for item in value:
                assert_keepable(item, where)
        case dict():
            for key, item in value.items():
                assert isinstance(key, str), f"{where} has a key that is no text: {key!r}"
                assert_keepable(item, f"{where}.{key}")
        case _:
            assert is_dataclass(value), f"{where} is a {type(value).__name__}"
            assert not isinstance(value, type)
            assert value.__dataclass_params__.frozen, f"{where} is not frozen"  # type: ignore[attr-defined]
            for one in fields(value):
                assert_keepable(getattr(value, one.name), f"{where}.{one.name}")


@dataclass
class FakeIntake:
    """The port `Intake`: keeps each job once under its key; `down` refuses as a database would."""

    taken: dict[str, tuple[Job, Delivery]] = field(default_factory=dict)
    down: bool = False

    async def take(self, job: Job, delivery: Delivery) -> bool:
        if self.down:
            raise StoreError("The database does not answer.")
        if job.key in self.taken:
            return False
        self.taken[job.key] = (job, delivery)
        return True

    @property
    def jobs(self) -> list[Job]:
        """In the order in which they were taken on."""
        return [job for job, _ in self.taken.values()]


@dataclass
class _Row:
    announced_at: float
    ts: str | None = None
    revision: int = 0
    given_up_at: float | None = None
    late: int | None = None
    late_at: float | None = None


class _Entry:
    """The port `PostEntry` over one row."""

    def __init__(self, ledger: FakePostLedger, key: str) -> None:
        self._ledger = ledger
        self._key = key

    @property
    def posted(self) -> Posted | None:
        row = self._ledger.rows.get(self._key)
        if row is None:
            return None
        given_up = row.given_up_at if row.ts is None else None
        since = row.announced_at if given_up is None else given_up
        now = self._ledger.clock()
        late_age = 0.0 if row.late_at is None else now - row.late_at
        is_given_up = given_up is not None
        return Posted(row.ts, row.revision, now - since, is_given_up, row.late, late_age)

    async def announce(self) -> None:
        row = self._ledger.rows.setdefault(self._key, _Row(0.0))
        if row.ts is None:
            row.announced_at, row.given_up_at = self._ledger.clock(), None

    async def give_up(self) -> None:
        row = self._ledger.rows.get(self._key)
        if row is not None and row.ts is None:
            row.given_up_at = self._ledger.clock()

    async def retract(self) -> None:
        row = self._ledger.rows.get(self._key)
        if row is not None and row.ts is None:
            del self._ledger.rows[self._key]

    async def record(self, ts: str, revision: int) -> None:
        row = self._ledger.rows.setdefault(self._key, _Row(self._ledger.clock()))
        row.ts, row.revision = ts, max(row.revision, revision)

    async def leave_late(self, revision: int) -> None:
        row = self._ledger.rows[self._key]
        row.late, row.late_at = revision, self._ledger.clock()


class FakePostLedger:
    """The port `PostLedger`: one at a time has a page open. `down` refuses to open any."""

    def __init__(self, clock: Callable[[], float] = lambda: 0.0) -> None:
        self.clock = clock
        self.rows: dict[str, _Row] = {}
        self.down = False
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def page(self, key: str, thread: ThreadKey | None = None) -> AsyncIterator[_Entry]:
        if self.down:
            raise StoreError("The database does not answer.")
        async with self._locks[key]:
            yield _Entry(self, key)


@dataclass
class FakeMeter(NoMeter):
    """The port `Meter`: keeps what it was told, in order."""

    deliveries: list[tuple[str, str, float]] = field(default_factory=list)
    steps: list[tuple[str, str, float]] = field(default_factory=list)
    answers: list[tuple[str, float]] = field(default_factory=list)
    dead_letters: list[tuple[str, str]] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    model_calls: list[tuple[str, int, int, float | None]] = field(default_factory=list)
    slack_calls: list[tuple[str, str]] = field(default_factory=list)
    airflow_calls: list[tuple[str, str, float]] = field(default_factory=list)
    log_reads: list[tuple[str, int]] = field(default_factory=list)

    def delivery(self, kind: str, outcome: str, seconds: float) -> None:
        self.deliveries.append((kind, outcome, seconds))

    def step(self, name: str, outcome: str, seconds: float) -> None:
        self.steps.append((name, outcome, seconds))

    def answered(self, verdict: str, seconds: float) -> None:
        self.answers.append((verdict, seconds))

    def dead_letter(self, kind: str, outcome: str) -> None:
        self.dead_letters.append((kind, outcome))

    def gap(self, part: str) -> None:
        self.gaps.append(part)

    def model_call(self, outcome: str, tokens_in: int, tokens_out: int, cost: float | None) -> None:
        self.model_calls.append((outcome, tokens_in, tokens_out, cost))

    def slack_call(self, method: str, outcome: str) -> None:
        self.slack_calls.append((method, outcome))

    def airflow_call(self, cluster: str, outcome: str, seconds: float) -> None:
        self.airflow_calls.append((cluster, outcome, seconds))

    def log_read(self, cluster: str, size: int) -> None:
        self.log_reads.append((cluster, size))
