"""The path of a question over fakes: which reply, in which order, and what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from bot.bootstrap import catalogue_of
from bot.diagnosis.logs import read_log_text
from bot.domain.answers import (
    Choice,
    Claim,
    Diagnosis,
    Explanation,
    HealthReport,
    Help,
    HowTo,
    LogReport,
    ModelOutcome,
    NotFound,
    Reply,
    StatusReport,
    Unsupported,
)
from bot.domain.checks import Check
from bot.domain.errors import BadRequest, StoreError
from bot.domain.evidence import DagRun, Evidence, Gap, GapReason, TaskInstance
from bot.domain.logs import LogLine, LogReading
from bot.domain.questions import Asker, Author, EarlierMessage, Intent, Origin, Question, ThreadKey
from bot.domain.runbooks import Passage
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from bot.services.ask import AskService
from bot.services.diagnose import Diagnoser
from bot.services.resolve import Resolver
from tests.fakes.cluster import FakeCluster
from tests.fakes.conversation_store import FakeConversationStore

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
FAILED = TaskInstance("orders", "run1", "load", -1, "failed", 1, 0, end=NOW)
PAUSED_RUN = DagRun("run1", "orders", "failed", run_after=NOW)


@dataclass
class RecordingChannel:
    """Keeps what was said, in order."""

    said: list[str] = field(default_factory=list)
    posted: list[Reply] = field(default_factory=list)

    async def acknowledge(self) -> None:
        self.said.append("acknowledged")

    async def progress(self, text: str) -> None:
        self.said.append(text)

    async def post(self, reply: Reply, turn_id: str) -> str | None:
        self.said.append(type(reply).__name__)
        self.posted.append(reply)
        return "100.1"


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


class BrokenStore(FakeConversationStore):
    async def add_turn(self, turn: object) -> None:
        raise StoreError("the disk is full")


def orders(**fields: object) -> FakeCluster:
    target = Target("prod", "orders", "run1")
    evidence = Evidence(target, task_instance=FAILED, task_instances=(FAILED,))
    cluster = FakeCluster(
        dags={"orders": [PAUSED_RUN], "orders_hourly": []},
        tasks={"orders": [FAILED]},
        evidence={"orders": evidence},
        logs={"load": LogReading(1, (LogLine(3, "KeyError: 'x'"),), lines_read=9, lines_dropped=8)},
    )
    return replace(cluster, **fields)  # type: ignore[arg-type]


@dataclass
class Bench:
    service: AskService
    store: FakeConversationStore
    channel: RecordingChannel = field(default_factory=RecordingChannel)

    async def ask(self, text: str, **fields: object) -> Reply | None:
        turn = await self.service.handle(question(text, **fields), self.channel)
        return turn.reply if turn else None


@cache
def diagnoser() -> Diagnoser:
    """One for all tests: it compiles the signatures of all runbooks."""
    catalogue = catalogue_of(None)
    return Diagnoser(lambda: catalogue)


def bench(
    cluster: FakeCluster | None = None,
    explanation: Explanation | None = None,
    passages: tuple[Passage, ...] = (),
    store: FakeConversationStore | None = None,
) -> Bench:
    clusters = {"prod": cluster or orders()}
    kept = store or FakeConversationStore()
    service = AskService(
        clusters=clusters,
        addresses=(),
        resolver=Resolver(clusters, {"prod": ZoneInfo("UTC")}),
        diagnoser=diagnoser(),
        knowledge=FixedKnowledge(passages),
        explainer=FixedExplainer(explanation or Explanation(ModelOutcome.NOT_CONFIGURED)),
        store=kept,
        now=lambda: NOW,
        new_reference=lambda: "REF1",
    )
    return Bench(service, kept)


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


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("why did `orders` fail?", Diagnosis),
        ("status of `orders`", StatusReport),
        ("show me the logs of `orders`", LogReport),
        ("is airflow down?", HealthReport),
        ("help", Help),
        ("thanks!", Help),
        ("please retry `orders`", Unsupported),
        ("backfill `orders` for last week", Unsupported),
        ("page the on-call", Unsupported),
        ("why did zzz_nothing fail?", NotFound),
        ("how do I clear a task?", HowTo),
        ("lorem ipsum", NotFound),
    ],
)
async def test_each_kind_of_question_gets_its_kind_of_reply(text: str, kind: type) -> None:
    assert isinstance(await bench().ask(text), kind)


async def test_the_asker_sees_something_before_airflow_is_asked() -> None:
    at_work = bench()
    await at_work.ask("why did `orders` fail?")
    assert at_work.channel.said[0] == "acknowledged"
    assert at_work.channel.said[-1] == "Diagnosis"


async def test_the_diagnosis_names_the_task_at_fault_and_is_kept_with_its_evidence() -> None:
    at_work = bench()
    reply = await at_work.ask("why did `orders` fail?")
    assert isinstance(reply, Diagnosis)
    assert reply.target.task_id == "load"
    kept = await at_work.store.turn("T:C:1")
    assert kept is not None
    assert kept.reply_ts == "100.1"
    assert kept.evidence is not None


async def test_a_model_refines_the_card_that_is_already_there() -> None:
    said = Explanation(ModelOutcome.USED, (Claim("It broke.", ("M1",)),), model="m")
    at_work = bench(explanation=said)
    await at_work.ask("why did `orders` fail?")
    first, refined = at_work.channel.posted
    assert isinstance(first, Diagnosis)
    assert isinstance(refined, Diagnosis)
    assert first.explanation.outcome is ModelOutcome.NOT_CONFIGURED
    assert refined.explanation is said
    kept = await at_work.store.turn("T:C:1")
    assert kept is not None
    assert kept.reply == refined


async def test_a_log_that_came_late_amends_the_answer_in_place() -> None:
    late = Gap("task log", GapReason.TIMEOUT, "still being read")
    blind = Evidence(
        Target("prod", "orders", "run1"),
        task_instance=FAILED,
        task_instances=(FAILED,),
        gaps=(late,),
    )
    read = read_log_text("Traceback (most recent call last):\nMemoryError\n")
    at_work = bench(orders(evidence={"orders": blind}, logs={"load": read}))
    await at_work.ask("why did `orders` fail?")
    first, amended = at_work.channel.posted
    assert isinstance(first, Diagnosis)
    assert isinstance(amended, Diagnosis)
    assert first.verdict.kind is not VerdictKind.CAPACITY
    assert amended.verdict.kind is VerdictKind.CAPACITY
    kept = await at_work.store.turn("T:C:1")
    assert kept is not None
    assert kept.evidence is not None
    assert kept.evidence.gaps == ()


async def test_a_store_that_refuses_does_not_cost_the_answer() -> None:
    at_work = bench(store=BrokenStore())
    assert isinstance(await at_work.ask("why did `orders` fail?"), Diagnosis)


async def test_a_cluster_that_is_down_is_named_and_is_no_fault_of_the_dag() -> None:
    reply = await bench(orders(down=True)).ask("why?", chosen=Target("prod", "orders", "run1"))
    assert isinstance(reply, NotFound)
    assert "no fault of your Dag" in reply.nowhere.remedy


async def test_a_health_question_names_a_cluster_that_is_down() -> None:
    reply = await bench(orders(down=True)).ask("is airflow down?")
    assert isinstance(reply, HealthReport)
    assert not reply.clusters[0].reachable


async def test_a_choice_is_asked_back_and_the_pick_is_answered() -> None:
    at_work = bench(orders(dags={"orders_a": [PAUSED_RUN], "orders_b": [PAUSED_RUN]}))
    choice = await at_work.ask("why did orders fail?")
    assert isinstance(choice, Choice)
    picked = question("", id="T:C:2", message_ts="2")
    turn = await at_work.service.pick("T:C:1", 1, picked, at_work.channel)
    assert turn is not None
    assert isinstance(turn.reply, Diagnosis)
    assert turn.reply.target.dag_id == "orders_b"
    assert turn.question.text == "why did orders fail?"


@pytest.mark.parametrize(("turn_id", "option"), [("unknown", 0), ("T:C:1", 9)])
async def test_a_pick_that_is_not_offered_is_refused_in_words(turn_id: str, option: int) -> None:
    at_work = bench(orders(dags={"orders_a": [PAUSED_RUN], "orders_b": [PAUSED_RUN]}))
    await at_work.ask("why did orders fail?")
    with pytest.raises(BadRequest, match="ask again"):
        await at_work.service.pick(turn_id, option, question("", id="T:C:2"), at_work.channel)


async def test_a_remark_in_an_engaged_thread_gets_no_reply() -> None:
    at_work = bench()
    earlier = (EarlierMessage(Author.BOT, "an answer", "0"),)
    assert await at_work.ask("thanks!", is_addressed=False, earlier=earlier) is None
    assert at_work.channel.said == []


async def test_a_command_says_what_it_wants_whatever_the_words() -> None:
    reply = await bench().ask("orders", intent=Intent.STATUS)
    assert isinstance(reply, StatusReport)


async def test_an_empty_case_is_not_called_anybody_s_fault() -> None:
    nothing = orders(evidence={"orders": Evidence(Target("prod", "orders", "run1"))})
    reply = await bench(nothing).ask("why did `orders` fail?")
    assert isinstance(reply, Diagnosis)
    assert reply.verdict.kind is VerdictKind.UNKNOWN
