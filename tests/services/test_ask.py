"""The path of a question over fakes: which reply, in which order, and what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

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
    StatusReport,
    Unsupported,
)
from bot.domain.conversations import Turn
from bot.domain.errors import AirflowUnavailable, BadRequest, StoreError
from bot.domain.evidence import DagRun, Evidence, Gap, GapReason
from bot.domain.logs import LogReading
from bot.domain.questions import Author, EarlierMessage, Intent
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from tests.fakes.cluster import FakeCluster
from tests.fakes.conversation_store import FakeConversationStore
from tests.services.bench import FAILED_RUN, NOW, TARGET, bench, blind, orders, question


class BrokenStore(FakeConversationStore):
    async def add_turn(self, turn: object) -> Sequence[str]:
        raise StoreError("the disk is full")


class StoreBack(FakeConversationStore):
    """Refuses once."""

    refused = False

    async def add_turn(self, turn: Turn) -> Sequence[str]:
        if not self.refused:
            self.refused = True
            raise StoreError("the database restarts")
        return await super().add_turn(turn)


class NoLogs(FakeCluster):
    """Goes down while the log is being read."""

    async def read_log(
        self, target: Target, seconds: float
    ) -> tuple[LogReading | None, Sequence[Gap]]:
        raise AirflowUnavailable("Airflow went away.")


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
    read = read_log_text("Traceback (most recent call last):\nMemoryError\n")
    at_work = bench(orders(evidence={"orders": blind()}, logs={"load": read}))
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


async def test_a_log_that_never_comes_is_said_so_and_the_model_is_still_asked() -> None:
    cluster = NoLogs(dags={"orders": [FAILED_RUN]}, evidence={"orders": blind()})
    at_work = bench(cluster, Explanation(ModelOutcome.TIMED_OUT))
    await at_work.ask("why did `orders` fail?")
    *_, amended, refined = at_work.channel.posted
    assert isinstance(amended, Diagnosis)
    assert isinstance(refined, Diagnosis)
    assert "Airflow went away." in [gap.detail for gap in amended.verdict.gaps]
    assert refined.explanation.outcome is ModelOutcome.TIMED_OUT


async def test_a_store_that_refuses_does_not_cost_the_answer() -> None:
    at_work = bench(store=BrokenStore())
    assert isinstance(await at_work.ask("why did `orders` fail?"), Diagnosis)


async def test_a_store_that_recovers_gets_the_turn_when_it_is_posted() -> None:
    at_work = bench(store=StoreBack())
    await at_work.ask("why did `orders` fail?")
    kept = await at_work.store.turn("T:C:1")
    assert kept is not None
    assert kept.reply_ts == "100.1"


async def test_a_cluster_that_is_down_says_nothing_about_the_dag() -> None:
    reply = await bench(orders(down=True)).ask("why?", chosen=TARGET)
    assert isinstance(reply, NotFound)
    assert "says nothing about your Dag" in reply.nowhere.remedy


async def test_a_health_question_names_a_cluster_that_is_down() -> None:
    reply = await bench(orders(down=True)).ask("is airflow down?")
    assert isinstance(reply, HealthReport)
    assert not reply.clusters[0].reachable


async def test_a_choice_is_asked_back_and_the_pick_is_answered() -> None:
    at_work = bench(orders(dags={"orders_a": [FAILED_RUN], "orders_b": [FAILED_RUN]}))
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
    at_work = bench(orders(dags={"orders_a": [FAILED_RUN], "orders_b": [FAILED_RUN]}))
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
    nothing = orders(evidence={"orders": Evidence(TARGET)})
    reply = await bench(nothing).ask("why did `orders` fail?")
    assert isinstance(reply, Diagnosis)
    assert reply.verdict.kind is VerdictKind.UNKNOWN


async def test_a_day_is_the_one_on_which_it_was_said_however_late_the_work_starts() -> None:
    before = DagRun("before", "orders", "failed", run_after=NOW - timedelta(days=1, hours=1))
    cluster = orders(dags={"orders": [FAILED_RUN, before]})
    asked_at = NOW - timedelta(days=1)
    await bench(cluster).ask("why did `orders` fail today?", asked_at=asked_at)
    assert [target.run_id for target in cluster.gathered] == ["before"]


async def test_a_reply_counts_its_verdict_and_the_time_since_it_was_asked() -> None:
    at_work = bench()
    await at_work.ask("why did `orders` fail?", asked_at=NOW - timedelta(seconds=7))
    assert at_work.meter.answers == [("unknown", 7.0)]
    kept = await at_work.store.turn("T:C:1")
    assert kept is not None
    assert kept.seconds == 7.0


async def test_a_reply_without_a_verdict_counts_as_its_kind() -> None:
    at_work = bench()
    await at_work.ask("status of `orders`")
    assert at_work.meter.answers == [("status_report", 0.0)]


async def test_a_question_from_a_faster_clock_took_no_less_than_no_time() -> None:
    at_work = bench()
    await at_work.ask("help", asked_at=NOW + timedelta(seconds=3))
    assert at_work.meter.answers == [("help", 0.0)]


async def test_only_the_verdict_that_stands_is_counted() -> None:
    read = read_log_text("Traceback (most recent call last):\nMemoryError\n")
    at_work = bench(orders(evidence={"orders": blind()}, logs={"load": read}))
    await at_work.ask("why did `orders` fail?")
    assert [verdict for verdict, _ in at_work.meter.answers] == ["capacity"]
    assert at_work.meter.gaps == []


async def test_what_could_not_be_had_is_counted_by_part() -> None:
    gaps = (Gap("event log", GapReason.FORBIDDEN), Gap("pool", GapReason.NOT_FOUND))
    at_work = bench(orders(evidence={"orders": replace(blind(), gaps=gaps)}))
    await at_work.ask("why did `orders` fail?")
    assert at_work.meter.gaps == ["event log", "pool"]


async def test_a_cluster_that_is_down_is_counted_as_a_gap_of_the_health_report() -> None:
    at_work = bench(orders(down=True))
    await at_work.ask("is airflow down?")
    assert at_work.meter.gaps == ["cluster"]
