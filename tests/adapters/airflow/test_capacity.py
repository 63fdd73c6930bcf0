"""How much room a cluster says that it has, and at what price."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.adapters.airflow.cluster import AirflowCluster
from bot.domain.capacity import Gauge, GaugeKind, Sample
from bot.domain.evidence import GapReason
from tests.adapters.airflow import support
from tests.fakes.airflow_server import RecordedAirflow


def recorded() -> dict[str, Any]:
    path = support.PAYLOADS / f"{support.EXIT_CODE}.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def by_key(sample: Sample) -> dict[str, Gauge]:
    return {one.key: one for one in sample.gauges}


async def look(airflow: RecordedAirflow, **config: Any) -> Sample:
    cluster: AirflowCluster = support.cluster_of(airflow, **config)
    found = await cluster.capacity(10)
    cluster.close()
    return found


async def test_one_look_takes_four_calls() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        sample = await look(airflow, slots=16)
        calls = [one for one in airflow.seen if one.method == "GET"]
    assert len(calls) == 4
    assert sample.gaps == ()
    gauges = by_key(sample)
    assert gauges["pool:default_pool"].limit == 128
    assert gauges["slots:executor"].limit == 16
    assert gauges["answer:API server"].used == 0
    assert gauges["queue:executor"].limit == 600


async def test_how_many_slots_there_are_has_to_be_said() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        sample = await look(airflow)
    assert by_key(sample)["slots:executor"].limit is None
    assert [(gap.source, gap.reason) for gap in sample.gaps] == [
        ("executor slots", GapReason.UNSUPPORTED)
    ]


async def test_what_is_forbidden_is_a_gap_with_its_remedy_and_the_rest_is_measured() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.forbidden.add("pools")
        sample = await look(airflow, slots=4)
    (gap,) = sample.gaps
    assert (gap.source, gap.reason) == ("pools", GapReason.FORBIDDEN)
    assert "can read on Pools" in gap.remedy
    assert "queue:executor" in by_key(sample)


async def test_a_cluster_that_says_nothing_is_measured_as_silent() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.drop.add("*")
        sample = await look(airflow)
    (gauge,) = sample.gauges
    assert (gauge.kind, gauge.is_full) == (GaugeKind.ANSWER, True)
    assert [gap.reason for gap in sample.gaps] == [GapReason.UNAVAILABLE]


async def test_many_pools_come_page_by_page() -> None:
    recording = recorded()
    pool = {"slots": 8, "occupied_slots": 3, "scheduled_slots": 2, "open_slots": 5}
    pools = [{**pool, "name": f"pool_{number:03}"} for number in range(130)]
    pools.append({**pool, "name": "endless", "slots": -1, "open_slots": 99})
    recording["evidence"]["pools"]["body"] = {"pools": pools, "total_entries": len(pools)}
    with RecordedAirflow([recording]) as airflow:
        gauges = by_key(await look(airflow, slots=4))
        asked = airflow.asked("pools")
    assert len(asked) == 2
    assert sum(key.startswith("pool:") for key in gauges) == 131
    assert gauges["pool:endless"].limit is None
    assert (gauges["pool:pool_129"].used, gauges["pool:pool_129"].waiting) == (3, 2)


async def test_the_oldest_of_what_is_queued_tells_how_long_the_queue_is() -> None:
    recording, now = recorded(), datetime.now(UTC)
    body = recording["evidence"]["task_instances"]["body"]
    like = body["task_instances"][0]
    since = [(now - timedelta(minutes=minutes)).isoformat() for minutes in (3, 9, 1)]
    queued = [{**like, "state": "queued", "queued_when": at} for at in since]
    body.update(task_instances=[like, *queued], total_entries=4)
    with RecordedAirflow([recording]) as airflow:
        queue = by_key(await look(airflow, slots=4))["queue:executor"]
    assert 530 < queue.used < 620
    assert queue.waiting == 3
