"""From hints to one target, over one or several clusters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import AirflowUnavailable
from bot.domain.evidence import DagRun, TaskInstance
from bot.domain.targets import Ambiguous, Found, Nowhere, RunChoice, Target, TargetHints
from bot.services.resolve import Resolver
from tests.fakes.cluster import FakeCluster

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def run(dag_id: str, hours_ago: float, state: str) -> DagRun:
    after = NOW - timedelta(hours=hours_ago)
    return DagRun(f"scheduled__{after:%Y-%m-%dT%H}", dag_id, state, run_after=after)


def failed(dag_id: str, task_id: str, hours_ago: float, map_index: int = -1) -> TaskInstance:
    end = NOW - timedelta(hours=hours_ago)
    return TaskInstance(dag_id, f"run{hours_ago}", task_id, map_index, "failed", 1, end=end)


ORDERS = [run("orders_daily", 1, "success"), run("orders_daily", 8, "failed")]
PROD = FakeCluster(
    dags={
        "orders_daily": ORDERS,
        "orders_hourly": [run("orders_hourly", 1, "running"), run("orders_hourly", 2, "failed")],
        "customers": [run("customers", 3, "success")],
        "never_ran": [],
        "team.etl": [run("team.etl", 1, "failed")],
    },
    tasks={
        "orders_daily": [failed("orders_daily", "load", 8), failed("orders_daily", "extract", 60)],
        "team.etl": [failed("team.etl", "load", 1), failed("team.etl", "clean_up", 1)],
    },
)


def resolver(*clusters: FakeCluster) -> Resolver:
    named = {cluster.name: cluster for cluster in clusters or (PROD,)}
    return Resolver(named, {name: ZoneInfo("UTC") for name in named})


async def test_the_latest_failed_run_is_meant_where_no_run_is_said() -> None:
    found = await resolver().resolve(TargetHints(names=("orders_daily",)), NOW)
    assert found == Found(Target("prod", "orders_daily", ORDERS[1].run_id), "the latest failed run")


async def test_the_latest_run_is_taken_when_asked_for() -> None:
    hints = TargetHints(names=("orders_daily",), run=RunChoice.LATEST)
    found = await resolver().resolve(hints, NOW)
    assert isinstance(found, Found)
    assert found.target.run_id == ORDERS[0].run_id


async def test_the_previous_run_is_the_second_newest() -> None:
    hints = TargetHints(names=("orders_daily",), run=RunChoice.PREVIOUS)
    found = await resolver().resolve(hints, NOW)
    assert isinstance(found, Found)
    assert found.target.run_id == ORDERS[1].run_id


async def test_last_night_means_the_hours_of_the_cluster_s_time_zone() -> None:
    hints = TargetHints(names=("orders_daily",), run=RunChoice.LAST_NIGHT)
    found = await resolver().resolve(hints, NOW)
    assert isinstance(found, Found)
    assert found.target.run_id == ORDERS[1].run_id


async def test_a_day_without_runs_says_so() -> None:
    hints = TargetHints(names=("orders_daily",), run=RunChoice.ON_DATE, run_date="2026-10-01")
    found = await resolver().resolve(hints, NOW)
    assert isinstance(found, Nowhere)
    assert found.looked_for == "a run of orders_daily on 2026-10-01 (UTC)"


async def test_a_question_about_stuck_work_prefers_the_run_in_progress() -> None:
    hints = TargetHints(names=("orders_hourly",))
    stuck = await resolver().resolve(hints, NOW, unfinished=True)
    done = await resolver().resolve(hints, NOW)
    assert isinstance(stuck, Found)
    assert isinstance(done, Found)
    assert "in progress" in stuck.understood_as
    assert "failed" in done.understood_as


async def test_a_dag_that_never_ran_is_a_target_without_a_run() -> None:
    found = await resolver().resolve(TargetHints(names=("never_ran",)), NOW)
    assert found == Found(Target("prod", "never_ran"), "")


async def test_a_typo_finds_the_closest_dag_and_says_so() -> None:
    found = await resolver().resolve(TargetHints(names=("custmers",)), NOW)
    assert isinstance(found, Found)
    assert found.target.dag_id == "customers"
    assert found.understood_as.startswith("closest Dag to “custmers”")


async def test_a_part_of_several_names_asks_back_with_all_of_them() -> None:
    found = await resolver().resolve(TargetHints(names=("orders",)), NOW)
    assert isinstance(found, Ambiguous)
    assert {option.target.dag_id for option in found.options} == {"orders_daily", "orders_hourly"}


async def test_one_name_on_two_clusters_asks_which_cluster() -> None:
    staging = replace(PROD, name="staging")
    found = await resolver(PROD, staging).resolve(TargetHints(names=("customers",)), NOW)
    assert isinstance(found, Ambiguous)
    assert [o.label for o in found.options] == ["customers on prod", "customers on staging"]


async def test_a_named_cluster_settles_it() -> None:
    staging = replace(PROD, name="staging")
    hints = TargetHints(names=("customers",), cluster="staging")
    found = await resolver(PROD, staging).resolve(hints, NOW)
    assert isinstance(found, Found)
    assert found.target.cluster == "staging"


async def test_the_default_cluster_is_meant_where_the_same_dag_is_on_several() -> None:
    staging = replace(PROD, name="staging")
    zones = {"prod": ZoneInfo("UTC"), "staging": ZoneInfo("UTC")}
    both = Resolver({"prod": PROD, "staging": staging}, zones, default="staging")
    found = await both.resolve(TargetHints(names=("customers",)), NOW)
    assert isinstance(found, Found)
    assert found.target.cluster == "staging"


async def test_a_dag_that_the_list_does_not_hold_yet_is_searched_for() -> None:
    large = replace(PROD, unlisted=("zz_just_deployed",))
    found = await resolver(large).resolve(TargetHints(names=("zz_just_deployed",)), NOW)
    assert isinstance(found, Found)
    assert found.target.dag_id == "zz_just_deployed"


async def test_a_task_beside_the_dag_is_kept() -> None:
    hints = TargetHints(names=("orders_daily", "load"), try_number=2, map_index=3)
    found = await resolver().resolve(hints, NOW)
    assert isinstance(found, Found)
    assert found.target == Target("prod", "orders_daily", ORDERS[1].run_id, "load", 3, 2)


async def test_a_dotted_name_is_split_where_the_dag_ends() -> None:
    found = await resolver().resolve(TargetHints(names=("team.etl.clean_up",)), NOW)
    assert isinstance(found, Found)
    assert (found.target.dag_id, found.target.task_id) == ("team.etl", "clean_up")


async def test_a_task_that_the_dag_does_not_have_is_kept_for_the_answer_to_say_so() -> None:
    for cluster in (PROD, replace(PROD, forbidden=frozenset({"task_ids"}))):
        hints = TargetHints(names=("orders_daily", "send_mail_2"), task="send_mail_2")
        found = await resolver(cluster).resolve(hints, NOW)
        assert isinstance(found, Found)
        assert (found.target.dag_id, found.target.task_id) == ("orders_daily", "send_mail_2")


async def test_a_task_alone_is_found_among_the_failures_of_the_last_days() -> None:
    found = await resolver().resolve(TargetHints(names=("clean_up",)), NOW)
    assert isinstance(found, Found)
    assert found.target == Target("prod", "team.etl", "run1", "clean_up")


async def test_a_task_that_failed_in_several_dags_asks_back() -> None:
    found = await resolver().resolve(TargetHints(task="load"), NOW)
    assert isinstance(found, Ambiguous)
    assert len(found.options) == 2


async def test_an_unknown_name_says_what_was_looked_for_and_where() -> None:
    found = await resolver().resolve(TargetHints(names=("zzz_nothing",)), NOW)
    assert isinstance(found, Nowhere)
    assert "zzz_nothing" in found.looked_for
    assert found.where == ("prod",)
    assert found.remedy


async def test_an_unknown_name_with_import_errors_around_goes_on_to_them() -> None:
    broken = replace(PROD, import_errors=1)
    found = await resolver(broken).resolve(TargetHints(names=("zzz_nothing",)), NOW)
    assert isinstance(found, Found)
    assert found.target == Target("prod", "zzz_nothing")


async def test_a_name_near_several_is_said_not_to_exist_and_may_hide_in_a_broken_file() -> None:
    dags: dict[str, list[DagRun]] = {"sales_2301": [], "sales_2302": []}
    choice = await resolver(replace(PROD, dags=dags)).resolve(
        TargetHints(names=("sales_2309",)), NOW
    )
    assert isinstance(choice, Ambiguous)
    assert choice.question == "There is no Dag “sales_2309”. Did you mean one of these?"
    assert [option.target.dag_id for option in choice.options] == ["sales_2301", "sales_2302"]
    broken = replace(PROD, dags=dags, import_errors=2)
    choice = await resolver(broken).resolve(TargetHints(names=("sales_2309",)), NOW)
    assert isinstance(choice, Ambiguous)
    assert choice.options[-1].target == Target("prod", "sales_2309")


async def test_nothing_named_offers_the_latest_failures() -> None:
    found = await resolver().resolve(TargetHints(), NOW)
    assert isinstance(found, Ambiguous)
    assert found.options[0].target.dag_id == "team.etl"


async def test_a_silent_cluster_is_named_and_the_others_still_answer() -> None:
    down = replace(PROD, name="staging", down=True)
    found = await resolver(PROD, down).resolve(TargetHints(names=("zzz_nothing",)), NOW)
    assert isinstance(found, Nowhere)
    assert "staging did not answer" in found.remedy
    there = await resolver(PROD, down).resolve(TargetHints(names=("customers",)), NOW)
    assert isinstance(there, Found)


@pytest.mark.parametrize("hints", [TargetHints(names=("customers",)), TargetHints()])
async def test_where_no_cluster_answers_nothing_is_said_to_be_missing(hints: TargetHints) -> None:
    down = replace(PROD, down=True)
    with pytest.raises(AirflowUnavailable):
        await resolver(down, replace(down, name="staging")).resolve(hints, NOW)


async def test_an_alert_of_an_unsaid_cluster_is_looked_up_by_name() -> None:
    hints = TargetHints(exact=Target("", "orders_daily", "run8", "load", None, 1))
    found = await resolver().resolve(hints, NOW)
    assert found == Found(Target("prod", "orders_daily", "run8", "load", None, 1), "")


async def test_an_exact_target_is_taken_as_it_is() -> None:
    exact = Target("prod", "anything", "run1", "load")
    assert await resolver().resolve(TargetHints(exact=exact), NOW) == Found(exact)
