"""A Dag whose file is broken is found by its name, before any Dag that is called nearly so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.evidence import ImportProblem, TaskInstance
from bot.domain.targets import Ambiguous, Found, Nowhere, Resolution, Target, TargetHints
from bot.services.resolve import Resolver
from tests.fakes.cluster import FakeCluster

NOW = datetime(2026, 11, 13, 8, tzinfo=UTC)
TRACE = 'File "/dags/{file}", line 3\n    with DAG("{dag}"):\nKeyError: \'country\'\n'


def problem(filename: str, dag_id: str = "") -> ImportProblem:
    return ImportProblem(filename, TRACE.format(file=filename, dag=dag_id))


def cluster(*dag_ids: str, problems: tuple[ImportProblem, ...] = ()) -> FakeCluster:
    return FakeCluster(dags=dict.fromkeys(dag_ids, ()), problems=problems)


async def resolved(prod: FakeCluster, *names: str, task: str | None = None) -> Resolution:
    resolver = Resolver({"prod": prod}, {"prod": ZoneInfo("UTC")})
    return await resolver.resolve(TargetHints(names=names, task=task), NOW)


@pytest.mark.parametrize("near", [("sales_2309_v2",), ("sales_2301",), ("sales_2301", "sales_230")])
async def test_a_broken_file_of_that_very_name_comes_before_near_dags(near: tuple[str]) -> None:
    prod = cluster(*near, problems=(problem("other.py"), problem("etl/sales_2309.py")))
    found = await resolved(prod, "sales_2309")
    assert found == Found(
        Target("prod", "sales_2309"),
        "no Dag “sales_2309” is registered: etl/sales_2309.py is broken",
    )


async def test_a_broken_file_may_tell_of_the_dag_in_its_trace() -> None:
    prod = cluster("sales_2301", problems=(problem("all_sales.py", "sales_2309"),))
    found = await resolved(prod, "sales_2309")
    assert isinstance(found, Found)
    assert found.target == Target("prod", "sales_2309")
    longer = cluster("sales_2301", problems=(problem("all_sales.py", "sales_2309_old"),))
    found = await resolved(longer, "sales_2309")
    assert isinstance(found, Found)
    assert found.target.dag_id == "sales_2301"


async def test_a_dag_of_digits_is_found_by_the_name_of_its_broken_file() -> None:
    prod = cluster("10804", problems=(problem("10803.py"),))
    found = await resolved(prod, "10803")
    assert isinstance(found, Found)
    assert found.target == Target("prod", "10803")


async def test_an_everyday_word_may_mean_the_near_dag_so_the_asker_says_which() -> None:
    prod = cluster("sales_daily", problems=(problem("sales.py"),))
    choice = await resolved(prod, "sales")
    assert isinstance(choice, Ambiguous)
    assert [one.target.dag_id for one in choice.options] == ["sales_daily", "sales"]


async def test_a_dag_that_exists_is_meant_though_a_broken_file_tells_of_it() -> None:
    prod = cluster("sales_2309", problems=(problem("sales_2309.py"),))
    assert await resolved(prod, "sales_2309") == Found(Target("prod", "sales_2309"), "")


async def test_a_task_named_beside_its_dag_is_not_taken_for_a_broken_dag() -> None:
    prod = cluster("orders", problems=(problem("other.py", "load_items"),))
    prod.tasks = {"orders": [TaskInstance("orders", "r", "load_items")]}
    found = await resolved(prod, "load_items", "orders")
    assert isinstance(found, Found)
    assert (found.target.dag_id, found.target.task_id) == ("orders", "load_items")


async def test_a_dag_called_like_a_word_of_the_question_does_not_hide_a_broken_one() -> None:
    prod = cluster("load", problems=(problem("sales_2309.py"),))
    found = await resolved(prod, "sales_2309", "load")
    assert isinstance(found, Found)
    assert found.target == Target("prod", "sales_2309")


async def test_a_dag_that_the_list_does_not_hold_yet_comes_before_near_ones() -> None:
    prod = replace(cluster("sales_2301"), unlisted=("sales_2309",))
    assert await resolved(prod, "sales_2309") == Found(Target("prod", "sales_2309"), "")


async def test_import_errors_that_may_not_be_read_are_told() -> None:
    prod = replace(cluster("customers"), forbidden=frozenset({"import_problems"}))
    nowhere = await resolved(prod, "zzz_nothing")
    assert isinstance(nowhere, Nowhere)
    assert "Permit to read import errors" in nowhere.remedy
