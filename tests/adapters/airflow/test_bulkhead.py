"""Clusters side by side: what one suffers, the other does not notice; and one read by several."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from typing import TypeVar

from bot.domain.errors import AirflowUnavailable
from bot.domain.evidence import Evidence
from bot.domain.targets import Target
from tests.adapters.airflow import support

T = TypeVar("T")

PATIENCE = 60.0


def target() -> Target:
    run_id = support.recording(support.EXIT_CODE)["run_id"]
    return Target("lab", support.EXIT_CODE, run_id, "bye")


async def worked(workers: asyncio.Semaphore, work: Awaitable[T]) -> T:
    async with workers:
        return await work


async def test_while_one_cluster_hangs_questions_on_another_are_answered() -> None:
    workers = asyncio.Semaphore(8)
    with support.serve(support.EXIT_CODE) as hung, support.serve(support.EXIT_CODE) as well:
        hung.faults.hold["*"] = threading.Event()
        dead = support.cluster_of(hung, silent_seconds=0.5)
        alive = support.cluster_of(well)
        doomed = [
            asyncio.create_task(worked(workers, dead.gather(target(), 2.0))) for _ in range(24)
        ]
        await asyncio.sleep(0)
        found = await asyncio.gather(
            *(worked(workers, alive.gather(target(), PATIENCE)) for _ in range(3))
        )
        outcomes = await asyncio.gather(*doomed, return_exceptions=True)
        still_out = dead.load().in_flight
        dead.close()
        alive.close()
    assert all(isinstance(one, Evidence) and one.log for one in found)
    assert all(isinstance(one, AirflowUnavailable) for one in outcomes)
    assert still_out <= 4
    assert len(hung.seen) <= 4


async def test_so_many_questions_at_once_and_the_others_wait_without_losing_time() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.latency = 0.005
        cluster = support.cluster_of(airflow, gathers_at_once=2)
        tasks = [asyncio.create_task(cluster.gather(target(), PATIENCE)) for _ in range(8)]
        most = waited = 0
        while not all(task.done() for task in tasks):
            load = cluster.load()
            most, waited = max(most, load.gathering), max(waited, load.gathers_waiting)
            await asyncio.sleep(0.005)
        cluster.close()
    assert all(task.result().log for task in tasks)
    assert (most, waited) == (2, 6)


async def test_several_processes_together_keep_to_the_limit_of_the_cluster() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        airflow.faults.latency = 0.01
        replicas = [support.cluster_of(airflow) for _ in range(3)]
        for replica in replicas:
            replica.set_replicas(len(replicas))
        found = await asyncio.gather(
            *(replica.gather(target(), PATIENCE) for replica in replicas for _ in range(3))
        )
        for replica in replicas:
            replica.close()
        assert airflow.most_in_flight <= 4
    assert all(one.log for one in found)


async def test_bytes_of_logs_and_calls_are_counted_for_the_cluster() -> None:
    with support.serve(support.EXIT_CODE) as airflow:
        meter = support.AirflowMeter()
        cluster = support.cluster_of(airflow, meter=meter)
        evidence = await cluster.gather(target(), PATIENCE)
        cluster.close()
    assert evidence.log
    assert meter.bytes["lab"] >= evidence.log.bytes_read > 0
    assert meter.calls["lab", "ok"] == len(airflow.seen) - 1  # all but the login
