"""Escalations with work in the same database, by a clock that tests move, in processes that die.

What a change hands in is kept in its transaction, as by the real engine. A job is done by every
replica at once; where one dies, all begin it anew from its first step, with nothing remembered.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import create_engine, writing
from bot.adapters.sql.escalations import SqlEscalations
from bot.domain.escalation_pager import PAGER
from bot.domain.escalation_policy import Policy
from bot.domain.escalation_work import DUE, TOLD, EscalationTold
from bot.domain.escalations import WAITING, Kind
from bot.domain.work import ONCE, Job, Retry
from bot.services.escalate import Escalator
from bot.services.escalation_pager import PagerWatch
from bot.services.escalation_pages import Pages
from bot.services.escalation_ports import NoEscalationMeter
from bot.services.ports import ConversationStore, DurableSteps
from bot.slack.kept import TYPES
from bot.workflows.serializer import TypedJson
from tests.fakes.conversation_store import FakeConversationStore
from tests.fakes.work import Killed
from tests.slack.escalating import FakeOnCall

T = TypeVar("T")
_JSON = TypedJson(TYPES)


@dataclass
class Process:
    """One life of the bot."""

    database: AsyncEngine
    escalations: SqlEscalations
    escalator: Escalator
    handlers: Mapping[str, Callable[[Any, DurableSteps], Awaitable[Any]]]


@dataclass
class Clockwork:
    """`is_deadly`: at each point of each kind of job a process dies once. `lives` counts them."""

    url: str
    policy: Policy
    now: datetime
    on_call: FakeOnCall
    replicas: int = 1
    is_deadly: bool = False
    thresholds: str = ""
    turns: FakeConversationStore = field(default_factory=FakeConversationStore)
    processes: list[Process] = field(default_factory=list)
    lives: int = 0
    _survived: set[str] = field(default_factory=set)
    _told: list[EscalationTold] = field(default_factory=list)

    async def restart(self) -> None:
        await self.stop()
        self.processes = [self._process() for _ in range(self.replicas)]
        self.lives += 1

    async def stop(self) -> None:
        for process in self.processes:
            await process.database.dispose()

    async def every(self, what: Callable[[Process], Awaitable[T]]) -> list[T]:
        """What comes of it in all replicas at once."""
        return list(await asyncio.gather(*(what(process) for process in self.processes)))

    async def until(self, moment: datetime) -> None:
        """Lets the time pass, stopping wherever something is due."""
        while (found := await self._next(moment)) is not None:
            key, due, body = found
            self.now = max(self.now, due)
            job: Job = _JSON.deserialize(body)
            steps = [Steps(self, process, _named(job)) for process in self.processes]
            works = [each.process.handlers[job.kind](job.body, each) for each in steps]
            come_to = await asyncio.gather(*works, return_exceptions=True)
            if any(isinstance(one, Killed) for one in come_to):
                await self.restart()
                continue
            for one in come_to:
                if isinstance(one, BaseException):
                    raise one
            if isinstance(job.body, EscalationTold):
                self._told.append(job.body)
            await self._change("UPDATE clockwork SET is_done = 1 WHERE job = :key", {"key": key})
        self.now = max(self.now, moment)

    def point(self, name: str) -> None:
        """Where a process may die."""
        if self.is_deadly and name not in self._survived:
            self._survived.add(name)
            raise Killed(name)

    def told(self, kind: Kind) -> Counter[str]:
        """How often it was told of deeds of that kind, by escalation."""
        return Counter(body.id for body in self._told if body.deed.kind is kind)

    async def put(self, job: Job) -> None:
        async with writing(self.processes[0].database) as connection:
            await connection.run_sync(self.enqueue, job)

    def enqueue(self, connection: Connection, job: Job) -> None:
        # A moment late, as ever: seconds since 1970 are no whole number of microseconds.
        due = self.now + timedelta(seconds=job.delay, milliseconds=1)
        values = {"key": job.key, "due": due.timestamp(), "body": _JSON.serialize(job)}
        connection.execute(
            text(
                "INSERT INTO clockwork (job, due, body, is_done) VALUES (:key, :due, :body, 0) "
                "ON CONFLICT DO NOTHING"
            ),
            values,
        )

    async def _next(self, moment: datetime) -> tuple[str, datetime, str] | None:
        look = text(
            "SELECT job, due, body FROM clockwork WHERE is_done = 0 AND due <= :moment "
            "ORDER BY due, job LIMIT 1"
        )
        async with self.processes[0].database.connect() as connection:
            row = (await connection.execute(look, {"moment": moment.timestamp()})).first()
        if row is None:
            return None
        return row.job, datetime.fromtimestamp(row.due, self.now.tzinfo), row.body

    async def _change(self, statement: str, values: Mapping[str, object]) -> None:
        async with writing(self.processes[0].database) as connection:
            await connection.execute(text(statement), values)

    def _process(self) -> Process:
        database = create_engine(self.url, connections=2)
        escalations = SqlEscalations(database, self.enqueue, self.policy, clock=lambda: self.now)
        escalator = Escalator(
            escalations,
            cast(ConversationStore, self.turns),
            policy=self.policy,
            thresholds=lambda cause: self.thresholds,
            now=lambda: self.now,
        )
        pages = Pages(self.on_call, escalations, NoEscalationMeter(), lambda: self.now)

        async def no_link(escalation_id: str) -> str:
            return ""

        async def tell(body: EscalationTold, steps: DurableSteps) -> None:
            is_count = body.deed.kind is Kind.JOINED and body.party is None
            look = escalations.counted if is_count else escalations.get
            escalation = await steps.run("look up", lambda: look(body.id))
            if escalation is None or body.party is not None:
                return
            if body.deed.kind is Kind.LEVEL_RAISED and escalation.state in WAITING:
                await pages.page(escalation, "", steps)
            elif body.deed.by:
                await pages.tell(escalation, body.deed.by, steps)

        watch = PagerWatch(pages, no_link, escalator.do, lambda: self.now)
        handlers = {DUE: escalator.pass_time, TOLD: tell, PAGER: watch.look}
        return Process(database, escalations, escalator, handlers)


@dataclass
class Steps:
    """The port `DurableSteps` for one try of one job, of which nothing is kept."""

    clockwork: Clockwork
    process: Process
    named: str

    async def run(self, name: str, work: Callable[[], Awaitable[T]], retry: Retry = ONCE) -> T:
        self.clockwork.point(f"{self.named}: before {name}")
        come_to = await work()
        self.clockwork.point(f"{self.named}: after {name}")
        return come_to

    async def start(self, job: Job) -> None:
        self.clockwork.point(f"{self.named}: before {job.kind}")
        await self.clockwork.put(job)
        self.clockwork.point(f"{self.named}: after {job.kind}")

    async def call(self, job: Job) -> Any:
        raise NotImplementedError(f"nobody does {job.kind}")


def _named(job: Job) -> str:
    told = job.body.deed.kind.value if isinstance(job.body, EscalationTold) else ""
    return f"{job.kind} {told}"


@asynccontextmanager
async def running(clockwork: Clockwork) -> AsyncIterator[Clockwork]:
    database = create_engine(clockwork.url, connections=1)
    async with writing(database) as connection:
        await connection.execute(
            text(
                "CREATE TABLE clockwork (job TEXT PRIMARY KEY, due DOUBLE PRECISION, body TEXT, "
                "is_done INTEGER)"
            )
        )
    await database.dispose()
    await clockwork.restart()
    try:
        yield clockwork
    finally:
        await clockwork.stop()
