"""The path of a question over fakes: everything that a test of it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from bot.bootstrap import catalogue_of
from bot.domain.answers import Diagnosis, Explanation, HowTo, ModelOutcome, Reply
from bot.domain.cases import Manner
from bot.domain.checks import Check
from bot.domain.evidence import DagRun, Evidence, Gap, GapReason, TaskInstance
from bot.domain.logs import LogLine, LogReading
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.domain.runbooks import Passage
from bot.domain.targets import Target
from bot.domain.work import Job, Queue
from bot.services.ask import AskService
from bot.services.diagnose import Diagnoser
from bot.services.known_cases import KnownCases
from bot.services.plain_steps import PLAIN
from bot.services.ports import Cluster, DurableSteps, Steps
from bot.services.resolve import Resolver
from tests.fakes.cluster import FakeCluster
from tests.fakes.conversation_store import FakeConversationStore
from tests.fakes.work import FakeMeter

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
FAILED = TaskInstance("orders", "run1", "load", -1, "failed", 1, 0, end=NOW)
FAILED_RUN = DagRun("run1", "orders", "failed", run_after=NOW)
TARGET = Target("prod", "orders", "run1")


@dataclass
class RecordingChannel:
    """Keeps what was said, in order."""

    said: list[str] = field(default_factory=list)
    posted: list[Reply] = field(default_factory=list)
    manners: list[Manner] = field(default_factory=list)

    async def acknowledge(self) -> None:
        self.said.append("acknowledged")

    async def progress(self, text: str) -> None:
        self.said.append(text)

    async def adopt(self, manner: Manner) -> None:
        self.manners.append(manner)

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        self.said.append(type(reply).__name__)
        self.posted.append(reply)
        return "100.1"


@dataclass
class DurableChannel(RecordingChannel):
    """Posts by a job of its own, as a channel must whose reader is never to see a reply twice."""

    steps: DurableSteps = field(kw_only=True)
    posts: int = 0

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        self.posts += 1
        job = Job(f"{turn_id}:{self.posts}", "post", reply, Queue.POSTS, share="C")
        ts: str | None = await self.steps.call(job)
        return ts


@dataclass
class FixedExplainer:
    """Says the same of everything."""

    explanation: Explanation

    async def explain(
        self, question: Question, diagnosis: Diagnosis, evidence: Evidence
    ) -> Explanation:
        return self.explanation

    async def explain_how_to(self, question: Question, how_to: HowTo) -> Explanation:
        return self.explanation

    async def doctor(self) -> Sequence[Check]:
        return ()


@dataclass
class FixedKnowledge:
    passages: tuple[Passage, ...] = ()

    async def search(self, query: str, limit: int = 5) -> Sequence[Passage]:
        return self.passages

    async def doctor(self) -> Sequence[Check]:
        return ()


def orders(**fields: object) -> FakeCluster:
    evidence = Evidence(TARGET, task_instance=FAILED, task_instances=(FAILED,))
    cluster = FakeCluster(
        dags={"orders": [FAILED_RUN], "orders_hourly": []},
        tasks={"orders": [FAILED]},
        evidence={"orders": evidence},
        logs={"load": LogReading(1, (LogLine(3, "KeyError: 'x'"),), lines_read=9, lines_dropped=8)},
    )
    return replace(cluster, **fields)  # type: ignore[arg-type]


def blind() -> Evidence:
    """The log was too large for the deadline."""
    late = Gap("task log", GapReason.TIMEOUT, "still being read")
    return Evidence(TARGET, task_instance=FAILED, task_instances=(FAILED,), gaps=(late,))


@dataclass
class Bench:
    service: AskService
    store: FakeConversationStore
    meter: FakeMeter
    channel: RecordingChannel = field(default_factory=RecordingChannel)

    async def ask(self, text: str, steps: Steps = PLAIN, **fields: object) -> Reply | None:
        turn = await self.service.handle(question(text, **fields), self.channel, steps)
        return turn.reply if turn else None


@cache
def diagnoser() -> Diagnoser:
    """One for all tests: it compiles the signatures of all runbooks."""
    catalogue = catalogue_of(None)
    return Diagnoser(lambda: catalogue)


def bench(
    cluster: Cluster | None = None,
    explanation: Explanation | None = None,
    passages: tuple[Passage, ...] = (),
    store: FakeConversationStore | None = None,
    judge: Diagnoser | None = None,
    now: datetime = NOW,
    known_cases: KnownCases | None = None,
) -> Bench:
    clusters: dict[str, Cluster] = {"prod": cluster or orders()}
    kept = store or FakeConversationStore()
    meter = FakeMeter()
    service = AskService(
        clusters=clusters,
        addresses=(),
        resolver=Resolver(clusters, {"prod": ZoneInfo("UTC")}),
        diagnoser=judge or diagnoser(),
        knowledge=FixedKnowledge(passages),
        explainer=FixedExplainer(explanation or Explanation(ModelOutcome.NOT_CONFIGURED)),
        store=kept,
        now=lambda: now,
        meter=meter,
        known_cases=known_cases,
    )
    return Bench(service, kept, meter)


def question(text: str, **fields: object) -> Question:
    asked = Question(
        id="T:C:1",
        origin=Origin.CLI,
        asker=Asker("U1"),
        thread=ThreadKey("T", "C", "1"),
        message_ts="1",
        text=text,
        asked_at=NOW,
    )
    return replace(asked, **fields)  # type: ignore[arg-type]
