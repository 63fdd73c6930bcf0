from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.adapters.airflow import dag_index
from bot.adapters.airflow.cluster import AirflowCluster
from bot.domain.errors import AirflowUnavailable
from tests.adapters.airflow import support
from tests.fakes.airflow_server import RecordedAirflow
from tests.waiting import until

Pair = tuple[AirflowCluster, RecordedAirflow]
MANY = [f"team_{number:05d}" for number in range(2_500)]


@contextmanager
def cluster_with(
    *dag_ids: str, **config: object
) -> Iterator[tuple[AirflowCluster, RecordedAirflow]]:
    with RecordedAirflow([support.recording(support.EXIT_CODE)], dag_ids) as airflow:
        cluster = support.cluster_of(airflow, **config)
        yield cluster, airflow
        cluster.close()


async def settled(cluster: AirflowCluster, count: int) -> None:
    async def is_whole() -> bool:
        return len(await cluster.dag_ids()) == count

    await until(is_whole, "the whole list")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dag_index, "PAGE_PAUSE", 0.0)


async def test_a_list_in_cache_is_the_same_object_and_costs_no_call() -> None:
    with cluster_with("a", "b") as (cluster, airflow):
        first = await cluster.dag_ids()
        assert await cluster.dag_ids() is first
        assert list(first) == ["a", "b", support.EXIT_CODE]
        assert len(airflow.asked("dags")) == 1


async def test_of_a_long_list_the_first_thousand_come_at_once_and_the_rest_behind() -> None:
    with cluster_with(*MANY) as (cluster, airflow):
        assert len(await cluster.dag_ids()) == dag_index.AT_ONCE
        await settled(cluster, len(MANY) + 1)
        assert airflow.most_in_flight == 1
        assert len(airflow.asked("dags")) == 26


async def test_a_dag_that_is_not_in_the_list_yet_is_found_by_search() -> None:
    with cluster_with(*MANY) as (cluster, airflow):
        assert await cluster.search_dags("TEAM_02499") == ("team_02499",)
        assert len(airflow.asked("dags")) == 1


async def test_a_whole_list_is_searched_without_a_call() -> None:
    with cluster_with("orders_daily", "orders_hourly") as (cluster, airflow):
        await cluster.dag_ids()
        assert await cluster.search_dags("Orders", limit=1) == ["orders_daily"]
        assert len(airflow.asked("dags")) == 1


async def test_an_old_list_is_given_out_while_a_new_one_is_fetched() -> None:
    with cluster_with("a", dag_ids_seconds=-1.0) as (cluster, airflow):
        assert len(await cluster.dag_ids()) == 2
        airflow.world._more_dags = ["a", "new"]
        assert len(await cluster.dag_ids()) == 2
        await settled(cluster, 3)


async def test_a_refresh_that_counts_the_same_reads_no_pages() -> None:
    with cluster_with(*MANY[:500], dag_ids_seconds=-1.0) as (cluster, airflow):
        await settled(cluster, 501)
        before = len(airflow.asked("dags"))
        first = await cluster.dag_ids()
        await until(lambda: len(airflow.asked("dags")) > before)
        assert await cluster.dag_ids() is first
        later = airflow.asked("dags")[before:]
        assert all(one.query["limit"] == ["1"] for one in later)


async def test_a_cluster_that_gives_no_list_is_an_error_that_says_why() -> None:
    with cluster_with("a") as (cluster, airflow):
        airflow.faults.forbidden.add("dags")
        with pytest.raises(AirflowUnavailable, match="list of Dags cannot be had: HTTP 403"):
            await cluster.dag_ids()


async def test_an_old_list_outlives_an_outage() -> None:
    with cluster_with("a", dag_ids_seconds=-1.0) as (cluster, airflow):
        first = await cluster.dag_ids()
        airflow.faults.status["dags"] = 502
        for _ in range(3):
            assert await cluster.dag_ids() == first
            await asyncio.sleep(0.02)


def test_the_list_survives_its_event_loop() -> None:
    with cluster_with(*MANY) as (cluster, _):
        assert len(asyncio.run(cluster.dag_ids())) == dag_index.AT_ONCE
        asyncio.run(settled(cluster, len(MANY) + 1))
