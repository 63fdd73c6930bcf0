"""A bot that tells of failures nobody asked about, in the local workspace, over a real database,
with a clock that tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.alert_tables import (
    AlertFailureRow,
    AlertRow,
    AlertSubjectRow,
    DagSuccessRow,
)
from bot.adapters.sql.alerts import SqlAlerts
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.tables import Base
from bot.domain.access import Rules
from bot.domain.alerts import CHECK, LISTED, LOOK, REMIND, TOLD, WATCH, Patience, Route
from bot.domain.answers import Diagnosis, NotFound, Reply
from bot.domain.conversations import Turn
from bot.domain.errors import BotError
from bot.domain.evidence import TaskInstance
from bot.domain.failures import Failure, Success
from bot.domain.questions import Intent, Question
from bot.domain.references import reference_of
from bot.domain.targets import Nowhere, Target
from bot.domain.verdicts import VerdictKind
from bot.domain.work import Job
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import SUPPORT_CHANNEL
from bot.services.access import Access
from bot.services.alert_ports import NoAlertMeter, PlacedCount
from bot.services.alert_routes import Router
from bot.services.announced import Audience
from bot.services.ports import Steps
from bot.services.resolve import Resolver
from bot.services.sights import Sights
from bot.slack.alert_cards import Alerting
from bot.slack.app import Services
from tests.fakes.cluster import FakeCluster
from tests.fakes.conversation_store import FakeConversationStore
from tests.services.guarded import MemoryPolicies
from tests.slack.driver import words
from tests.slack.escalating import CallingBot, TimedEngine
from tests.slack.replies import CAPACITY

LOADED: Mapping[str, str] = {"load": "success"}
LATER = (LOOK, TOLD, WATCH, LISTED, CHECK, REMIND)


class AlertEngine(TimedEngine):
    """What is due later waits until a test lets the time pass. A minute begins with it, since what
    is only named is on one list for each."""

    def __init__(self) -> None:
        super().__init__()
        self._start_at = self._start_at.replace(second=0, microsecond=0)

    def put(self, job: Job) -> None:
        if job.delay > 0 and (job.kind in LATER or job.kind == "message"):
            if job.key not in self.jobs and all(job.key != one.key for _, one in self._later):
                self._later.append((self.now() + timedelta(seconds=job.delay), job))
        else:
            super().put(job)

    def waiting(self, kind: str) -> list[Job]:
        return [job for _, job in self._later if job.kind == kind]


class CommittedAlerts(SqlAlerts):
    """Hands work to an engine in memory once the database has it."""

    def __init__(self, database: AsyncEngine, engine: TimedEngine, patience: Patience) -> None:
        self.jobs: list[Job] = []
        super().__init__(database, self._note, patience=patience, clock=engine.now)
        self._engine_in_memory = engine

    def _note(self, _: Connection, job: Job) -> None:
        self.jobs.append(job)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        async with super()._alone() as connection:
            begun = len(self.jobs)
            yield connection
            jobs, self.jobs = self.jobs[begun:], self.jobs[:begun]
        for job in jobs:
            self._engine_in_memory.put(job)


@asynccontextmanager
async def alert_database() -> AsyncIterator[AsyncEngine]:
    """An empty file with the tables of alerts alone."""
    tables = [one.__table__ for one in (AlertRow, AlertFailureRow, AlertSubjectRow, DagSuccessRow)]
    with TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite+aiosqlite:///{folder}/alerts.db")
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all, tables=tables)
        try:
            yield engine
        finally:
            await engine.dispose()


def cause_of(dag_id: str) -> str:
    """Dags are called `cause_dag`."""
    return dag_id.partition("_")[0]


@dataclass
class ScriptedLooks:
    """Finds the cause that a Dag's name says, unless its cluster is `down`."""

    now: object
    looked: list[str] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    told_turns: list[Turn] = field(default_factory=list)
    causes: dict[str, str] = field(default_factory=dict)
    breaks: int = 0
    once: bool = False  # what `causes` says holds for the first look of each Dag
    escalator: object = None

    async def look(self, question: Question, steps: Steps) -> Turn:
        async def found() -> Turn:
            target = question.chosen
            assert target is not None
            self.looked.append(target.dag_id or "")
            if self.breaks:
                self.breaks -= 1
                raise BotError("a bug")
            return Turn(
                question.id, question, Intent.DIAGNOSE, self._reply(target, question), None,
                self.now(), 0.1,  # type: ignore[operator]
            )  # fmt: skip

        return await steps.run("gather", found)

    def _reply(self, target: Target, question: Question) -> Reply:
        reference = reference_of(question.id)
        if target.cluster in self.down:
            nowhere = Nowhere(
                target.label(), (target.cluster,), remedy="It is down.", unreachable=True
            )
            return NotFound(reference, nowhere)
        dag_id = target.dag_id or ""
        cause = self.causes.get(dag_id, cause_of(dag_id))
        if self.once:
            self.causes.pop(dag_id, None)
        return diagnosis(target, cause, reference)

    async def told(self, turn: Turn, steps: Steps) -> None:
        self.told_turns.append(turn)
        if self.escalator is not None:
            await self.escalator.answered(turn, steps)  # type: ignore[attr-defined]

    async def explained(self, turn: Turn, steps: Steps) -> Turn:
        return turn


def diagnosis(target: Target, cause: str, reference: str = "REF") -> Diagnosis:
    verdict = replace(
        CAPACITY.verdict, kind=VerdictKind.PLATFORM, cause=cause, title=f"It was {cause}"
    )
    return replace(CAPACITY, target=target, verdict=verdict, reference=reference)


@dataclass
class AlertingBot(CallingBot):
    """`routes` and `rules` say who hears of what."""

    engine: AlertEngine = field(default_factory=AlertEngine)
    database: AsyncEngine | None = None
    routes: Sequence[Route] = ()
    rules: Rules = field(default_factory=Rules)
    patience: Patience = field(default_factory=Patience)
    policies: MemoryPolicies = field(default_factory=MemoryPolicies)

    def __post_init__(self) -> None:
        super().__post_init__()
        assert self.database is not None
        now = self.engine.now
        self.alerts = CommittedAlerts(self.database, self.engine, self.patience)
        self.looks = ScriptedLooks(now)
        self.turns = FakeConversationStore()
        self.clusters = self.clusters or {"prod": FakeCluster()}
        access = Access(self.rules, self.clusters, now=now)

        def resolver(clusters, *, default="", likely=()):  # type: ignore[no-untyped-def]
            return Resolver(clusters, {}, default, likely=likely)

        self.sights = Sights(access, self.clusters, resolver, self.policies)
        self.router = Router(self.clusters, self.routes, SUPPORT_CHANNEL, self.audience)

    def audience(self, channel: str) -> Audience:
        return Audience(self.sights, channel, self._team, self.engine.now)

    async def _team(self) -> str:
        return await self.slack.workspace(SUPPORT_CHANNEL)

    @property
    def services(self) -> Services:
        services = super().services
        assert services.working is not None
        alerting = Alerting(
            self.alerts,
            self.looks,
            self.turns,
            self.clusters,
            self.sights,
            self.engine.now,
            meter=NoAlertMeter(),
            default=SUPPORT_CHANNEL,
            reminds=self.patience.reminds,
        )
        return replace(services, working=replace(services.working, alerting=alerting))

    def failure(
        self,
        dag_id: str,
        run: int = 1,
        task: str | None = "load",
        *,
        cluster: str = "prod",
        index: int | None = None,
        run_after: datetime | None = None,
    ) -> Failure:
        target = Target(cluster, dag_id, f"run_{run}", task, index, 1)
        return Failure(target, "failed", self.engine.now(), None, run_after)

    async def report(self, *failures: Failure) -> PlacedCount:
        routed = await self.router.route(failures, is_last=True)
        return await self.alerts.place(routed.placed)

    async def succeed(
        self,
        dag_id: str,
        run: int = 2,
        cluster: str = "prod",
        *,
        tasks: Mapping[str, str] = LOADED,
    ) -> int:
        """A run that ended well, and the states of its tasks."""
        now, run_id, there = self.engine.now(), f"run_{run}", self.clusters[cluster]
        assert isinstance(there, FakeCluster)
        ended = [
            TaskInstance(dag_id, run_id, task, state=state, end=now)
            for task, state in tasks.items()
        ]
        there.tasks = {**there.tasks, dag_id: [*there.tasks.get(dag_id, ()), *ended]}
        return await self.alerts.succeed([Success(cluster, dag_id, run_id, now)])


def cards_in(ws: LocalWorkspace, channel: str = SUPPORT_CHANNEL) -> list[Message]:
    """What the bot said at the head of a thread."""
    return [one for one in ws.messages(channel) if one.bot_id and not one.thread_ts]


def said_in(ws: LocalWorkspace, channel: str = SUPPORT_CHANNEL) -> list[str]:
    return [words(one) for one in cards_in(ws, channel)]
