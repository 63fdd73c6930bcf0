"""Failures that are looked for without a Dag: within the hours said, with what hindered it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.evidence import TaskInstance
from bot.domain.targets import Ambiguous, Found, Nowhere, Resolution, RunChoice, TargetHints
from bot.services.resolve import Resolver
from tests.fakes.cluster import FakeCluster

NOW = datetime(2026, 11, 13, 12, tzinfo=UTC)


def failed(dag_id: str, task_id: str, hours_ago: float) -> TaskInstance:
    end = NOW - timedelta(hours=hours_ago)
    return TaskInstance(dag_id, f"run{hours_ago}", task_id, state="failed", end=end)


PROD = FakeCluster(
    tasks={"orders": [failed("orders", "load", 1)], "sales": [failed("sales", "load", 15)]}
)
SHUT = replace(PROD, forbidden=frozenset({"find_failed"}))
DOWN = replace(PROD, name="staging", down=True)
YESTERDAY = TargetHints(run=RunChoice.YESTERDAY, run_said="yesterday")


async def resolved(hints: TargetHints, *clusters: FakeCluster) -> Resolution:
    named = {cluster.name: cluster for cluster in clusters or (PROD,)}
    return await Resolver(named, {name: ZoneInfo("UTC") for name in named}).resolve(hints, NOW)


async def test_only_failures_of_the_day_that_was_said_are_offered() -> None:
    choice = await resolved(YESTERDAY)
    assert isinstance(choice, Ambiguous)
    assert choice.question == "Which failure do you mean? These failed yesterday:"
    assert [option.target.dag_id for option in choice.options] == ["sales"]


async def test_a_task_alone_is_looked_for_on_the_day_that_was_said() -> None:
    found = await resolved(replace(YESTERDAY, task="load"))
    assert isinstance(found, Found)
    assert found.target.dag_id == "sales"
    assert found.understood_as == "the task that failed yesterday"


async def test_a_day_without_failures_says_so() -> None:
    day = TargetHints(run=RunChoice.ON_DATE, run_date="2026-11-01", run_said="on 1 Nov")
    nowhere = await resolved(day)
    assert isinstance(nowhere, Nowhere)
    assert nowhere.looked_for == "a failure on 1 Nov"


async def test_failures_that_may_not_be_read_are_not_said_to_be_none() -> None:
    nowhere = await resolved(TargetHints(), SHUT)
    assert isinstance(nowhere, Nowhere)
    assert nowhere.unreachable
    assert "Permit to read task instances" in nowhere.remedy
    unknown = await resolved(TargetHints(task="load"), SHUT)
    assert isinstance(unknown, Nowhere)
    assert "Permit to read task instances" in unknown.remedy


async def test_a_cluster_that_does_not_answer_is_told_beside_what_others_say() -> None:
    choice = await resolved(TargetHints(), PROD, DOWN)
    assert isinstance(choice, Ambiguous)
    assert "staging did not answer." in choice.question
    nowhere = await resolved(TargetHints(), replace(PROD, tasks={}), DOWN)
    assert isinstance(nowhere, Nowhere)
    assert nowhere.where == ("prod",)
    assert "staging did not answer." in nowhere.remedy


async def test_a_task_beyond_the_failures_looked_at_is_not_said_to_be_nowhere_for_sure() -> None:
    many = [failed("orders", f"shard_{number}", 1) for number in range(130)]
    outage = replace(PROD, tasks={"orders": many, "sales": [failed("sales", "late_one", 30)]})
    nowhere = await resolved(TargetHints(names=("late_one",)), outage)
    assert isinstance(nowhere, Nowhere)
    assert "only the newest 100 failures were looked at" in nowhere.remedy
