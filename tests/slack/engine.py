"""Durable work in memory, on a machine that can lose its power at any point."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.domain.cases import Case, Retrieved
from bot.domain.conversations import Turn
from bot.domain.dead_letters import Unfinished
from bot.domain.errors import BotError, StoreError
from bot.domain.questions import ThreadKey
from bot.domain.work import FORGET, ONCE, Delivery, Job, Retry
from bot.services.ports import DurableSteps, Posted, PostEntry
from bot.services.talk import CalledOff
from bot.slack.kept import TYPES
from bot.workflows.errors import as_bot_error
from bot.workflows.outcome import Outcome
from bot.workflows.serializer import TypedJson
from tests.fakes.work import FakePostLedger, Killed

T = TypeVar("T")
Handler = Callable[[Any, DurableSteps], Awaitable[Any]]
Alive = Callable[[], Awaitable[Mapping[str, Handler]]]


@dataclass
class Power:
    """Counts the points at which the machine could go down, and goes down at one of them."""

    fails_at: int | None = None
    passed: list[str] = field(default_factory=list)
    is_off: bool = False

    def point(self, name: str) -> None:
        self.passed.append(name)
        self.is_off = self.is_off or self.fails_at == len(self.passed)
        if self.is_off:
            raise Killed(name)


@dataclass
class MemoryEngine:
    """The port `Intake` with workers behind it. What is kept is kept as text, as in a database.

    `alive` gives the handlers of a process that has just been started.
    """

    alive: Alive | None = None
    power: Power = field(default_factory=Power)
    down: bool = False
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    kept: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    outcomes: dict[str, str] = field(default_factory=dict)
    pauses: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    wait: Callable[[float], Awaitable[None]] | None = None  # lets the seconds of a delay pass
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    json: TypedJson = field(
        default_factory=lambda: TypedJson([*TYPES, Case, Retrieved, Turn, Unfinished])
    )
    handed_on: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    cancelled: set[str] = field(default_factory=set)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _ending: set[asyncio.Task[None]] = field(default_factory=set)
    _lines: defaultdict[tuple[str, str], asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )
    _lost_power: bool = False

    async def take(self, job: Job, delivery: Delivery) -> bool:
        if self.down:
            raise StoreError("The database does not answer.")
        if job.key in self.deliveries:
            return False
        self.deliveries[job.key] = delivery
        self.put(job)
        return True

    async def engaged(self, thread: ThreadKey) -> bool:
        if self.down:
            raise StoreError("The database does not answer.")
        return any(one.engages and one.thread == thread for one in self.deliveries.values())

    def hold(self) -> asyncio.Event:
        """Work that is due later waits until the event is set."""
        turn = asyncio.Event()

        async def wait(seconds: float) -> None:
            await turn.wait()

        self.wait = wait
        return turn

    async def idle(self) -> None:
        """Returns once all work is done; a machine that went down is switched on again."""
        async with asyncio.timeout(20):
            while self._tasks or self._ending or self._lost_power:
                under_way = (*self._tasks.values(), *self._ending)
                await asyncio.gather(*under_way, return_exceptions=True)
                if self._lost_power:
                    await self._switch_on()

    async def stop(self) -> None:
        """Ends what is still under way."""
        for task in tuple(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def failed(self, key: str) -> BotError | None:
        """What the job of this key ended in, where that was an error."""
        error = self.json.deserialize(self.outcomes[key]).error
        assert error is None or isinstance(error, BotError)
        return error

    def job(self, key: str) -> Job:
        found: Job = self.json.deserialize(self.jobs[key])
        return found

    def put(self, job: Job) -> None:
        """Has the job done, once under its key."""
        if job.key not in self.jobs:
            self.jobs[job.key] = self.json.serialize(job)
            self._start(job.key)

    def unfinished(self, holding: Sequence[str]) -> list[str]:
        """Keys of work that hold one of these, in the order of arrival."""
        return [
            key
            for key in self.jobs
            if key not in self.outcomes
            and key not in self.cancelled
            and any(one in key for one in holding)
        ]

    def cancel(self, key: str) -> None:
        """Calls work off, with what it handed on."""
        if key in self.outcomes or key in self.cancelled:
            return
        self.cancelled.add(key)
        # Where it had not begun, it ends without a trace.
        if task := self._tasks.pop(key, None):
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        for child in self.handed_on[key]:
            if child in self.jobs and self.job(child).kind != FORGET:
                self.cancel(child)

    def forget(self, holding: Sequence[str]) -> None:
        for key in [key for key in self.jobs if any(one in key for one in holding)]:
            for kept in (self.jobs, self.outcomes, self.kept):
                kept.pop(key, None)

    async def outcome(self, key: str) -> Outcome:
        while key not in self.outcomes:
            await asyncio.wait({self._tasks[key]})
        found: Outcome = self.json.deserialize(self.outcomes[key])
        return found

    def _start(self, key: str) -> None:
        self._tasks[key] = asyncio.create_task(self._work(key))

    async def _work(self, key: str) -> None:
        job = self.job(key)
        try:
            if job.delay:
                self.delays.append(job.delay)
                assert self.wait is not None
                await self.wait(job.delay)
            async with self._lines[job.queue, job.share]:
                outcome = await self._done(job)
            self.outcomes[key] = self.json.serialize(outcome)
        except Killed:
            self._lost_power = True
            for task in self._tasks.values():
                if task is not asyncio.current_task():
                    task.cancel()
        finally:
            self._tasks.pop(key, None)

    async def _done(self, job: Job) -> Outcome:
        try:
            return Outcome(await self.handlers[job.kind](job.body, MemorySteps(self, job)))
        except Exception as error:
            return Outcome(error=as_bot_error(error))

    async def _switch_on(self) -> None:
        self._lost_power = self.power.is_off = False
        self._lines.clear()
        assert self.alive is not None
        self.handlers = await self.alive()
        for key in self.jobs:
            if key not in self.outcomes and key not in self.cancelled:
                self._start(key)


@dataclass(frozen=True)
class MemoryWork:
    """The port `WorkRecords` over an engine in memory."""

    engine: MemoryEngine

    async def stop(
        self,
        holding: Sequence[str],
        kinds: Sequence[str],
        *,
        but: str = "",
        by: Callable[[Job], bool] = lambda _: True,
        follow_up: Callable[[Job], Job] | None = None,
    ) -> CalledOff:
        jobs = [self.engine.job(key) for key in self.engine.unfinished(holding)]
        jobs = [job for job in jobs if job.kind in kinds and job.key != but]
        chosen = [job for job in jobs if by(job)]
        for job in chosen:
            if follow_up is not None:
                self.engine.put(follow_up(job))
            self.engine.cancel(job.key)
        return CalledOff(tuple(job.key for job in chosen), len(jobs) - len(chosen))

    async def stop_channel(self, workspace: str, channel: str, until: str) -> None:
        for key in self.engine.unfinished([f"{workspace}:{channel}:"]):
            self.engine.cancel(key)

    async def erase(self, holding: Sequence[str], until: str = "") -> bool:
        if self.engine.unfinished(holding):
            return False
        self.engine.forget(holding)
        return True


class MemorySteps:
    """The port `DurableSteps` for one life of one job."""

    def __init__(self, engine: MemoryEngine, job: Job) -> None:
        self._engine = engine
        self._job = job
        self._place = 0

    async def run(self, name: str, work: Callable[[], Awaitable[T]], retry: Retry = ONCE) -> T:
        return await self._once(name, lambda: self._tried(work, retry))  # type: ignore[no-any-return]

    async def call(self, job: Job) -> Any:
        self._hand_on(job)
        return await self._once(job.key, lambda: self._engine.outcome(job.key))

    async def start(self, job: Job) -> None:
        self._hand_on(job)

    def _hand_on(self, job: Job) -> None:
        self._engine.handed_on[self._job.key].append(job.key)
        self._engine.put(job)

    async def _tried(self, work: Callable[[], Awaitable[T]], retry: Retry) -> Outcome:
        for attempt in range(1, retry.attempts + 1):
            try:
                async with asyncio.timeout(retry.seconds):
                    return Outcome(await work())
            except Exception as error:
                kept = as_bot_error(error)
                if kept.final or attempt == retry.attempts:
                    return Outcome(error=kept)
            self._engine.pauses.append(min(retry.pause * 2 ** (attempt - 1), retry.longest))
        raise AssertionError("a step is tried at least once")

    async def _once(self, name: str, work: Callable[[], Awaitable[Outcome]]) -> Any:
        engine, kept = self._engine, self._engine.kept[self._job.key]
        self._place += 1
        if self._place > len(kept):
            engine.power.point(f"{name}: begun")
            text = engine.json.serialize(await work())
            engine.power.point(f"{name}: done")
            kept.append((name, text))
            engine.power.point(f"{name}: kept")
        known, text = kept[self._place - 1]
        assert known == name, f"step {self._place} was {known} and is {name} now"
        outcome = engine.json.deserialize(text)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value


class PoweredLedger:
    """A ledger whose machine may go down between what it keeps and the call to Slack.

    Its `clock` stands still until somebody sleeps by it.
    """

    def __init__(self, power: Power) -> None:
        self.power = power
        self.slept: list[float] = []
        self.kept = FakePostLedger(lambda: sum(self.slept))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    @asynccontextmanager
    async def page(self, key: str, thread: ThreadKey | None = None) -> AsyncIterator[PoweredEntry]:
        async with self.kept.page(key, thread) as entry:
            yield PoweredEntry(entry, key, self.power)


@dataclass
class PoweredEntry:
    entry: PostEntry
    key: str
    power: Power

    @property
    def posted(self) -> Posted | None:
        return self.entry.posted

    async def announce(self) -> None:
        await self.entry.announce()
        self.power.point(f"{self.key}: announced")

    async def give_up(self) -> None:
        await self.entry.give_up()
        self.power.point(f"{self.key}: given up")

    async def retract(self) -> None:
        await self.entry.retract()

    async def record(self, ts: str, revision: int) -> None:
        self.power.point(f"{self.key}: sent")
        await self.entry.record(ts, revision)
        self.power.point(f"{self.key}: recorded")

    async def leave_late(self, revision: int) -> None:
        await self.entry.leave_late(revision)
        self.power.point(f"{self.key}: left late")
