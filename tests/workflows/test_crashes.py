from __future__ import annotations

import asyncio
import signal
from functools import partial
from pathlib import Path

import pytest

from bot.domain.work import WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.databases import migrate_engine
from tests.postgres import PostgresServer
from tests.waiting import until
from tests.workflows.processes import Journal, working
from tests.workflows.program import STEPS
from tests.workflows.support import Errand, errand, finished, running


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


async def nobody(body: Errand, steps: DurableSteps) -> None:
    raise AssertionError("this process only takes in")


async def hand_in(url: str, *keys: str, seconds: float = 0.0, sticks: str = "") -> None:
    async with running(url, nobody, works=False) as engine:
        for key in keys:
            await engine.start(errand(key, seconds=seconds, sticks=sticks))


def once(*keys: str) -> dict[tuple[str, str], int]:
    return {(key, step): 1 for key in keys for step in STEPS}


async def test_killed_work_is_finished_by_the_next_process_on_the_file(
    file_url: str, journal: Journal
) -> None:
    with working(file_url, journal) as first:
        first.kill()
    await hand_in(file_url, "x", "y", sticks="b")
    with working(file_url, journal) as second:
        await until(lambda: {("x", "b"), ("y", "b")} <= set(journal.begun()))
        second.kill()
    with working(file_url, journal):
        x, y = await finished(file_url, "x", "y")
    assert (x.work.status, y.work.status) == (WorkStatus.DONE, WorkStatus.DONE)
    assert journal.begun() == once("x", "y") | {("x", "b"): 2, ("y", "b"): 2}


async def test_a_second_process_on_the_file_ends_and_says_who_has_it(
    file_url: str, journal: Journal
) -> None:
    with working(file_url, journal) as first, working(file_url, journal, opens=False) as second:
        code, output = await asyncio.to_thread(second.wait)
    assert code != 0
    assert f"bot.db is in use by process {first.pid}" in output


async def test_work_of_a_killed_replica_is_taken_over(shared_url: str, journal: Journal) -> None:
    with working(shared_url, journal) as one, working(shared_url, journal) as other:
        await hand_in(shared_url, "x", sticks="b")
        await until(lambda: ("x", "b") in journal.begun())
        dead = one if journal.workers("x")[0] == one.pid else other
        heir = other if dead is one else one
        dead.kill()
        [detail] = await finished(shared_url, "x")
    assert detail.work.status is WorkStatus.DONE
    assert detail.work.begun == 2
    assert journal.begun() == once("x") | {("x", "b"): 2}
    assert journal.workers("x") == [dead.pid, dead.pid, heir.pid, heir.pid]


async def test_a_replica_that_is_stopped_for_longer_than_the_lease_loses_nothing(
    shared_url: str, journal: Journal
) -> None:
    with working(shared_url, journal, lease=1.0) as first:
        await hand_in(shared_url, "x", seconds=0.5)
        await until(lambda: ("x", "b") in journal.begun())
        with working(shared_url, journal, lease=1.0):
            first.send(signal.SIGSTOP)
            await asyncio.sleep(3)  # the pause itself is what is tested
            first.send(signal.SIGCONT)
            [detail] = await finished(shared_url, "x")
    assert detail.work.begun == 1
    assert journal.begun() == once("x")
    assert journal.workers("x") == [first.pid] * 3


async def test_a_replica_told_to_end_hands_its_work_back_to_the_others(
    shared_url: str, journal: Journal
) -> None:
    with working(shared_url, journal, lease=3600) as first:
        await hand_in(shared_url, "x", sticks="a")
        await until(lambda: ("x", "a") in journal.begun())
        with working(shared_url, journal, lease=3600) as second:
            assert await asyncio.to_thread(first.terminate) == 0
            # By the lease alone it would take an hour.
            await until(lambda: second.pid in journal.workers("x"))


async def test_two_replicas_that_start_at_once_share_the_work(
    shared_url: str, journal: Journal
) -> None:
    keys = [f"{number}" for number in range(12)]
    with (
        working(shared_url, journal, opens=False) as first,
        working(shared_url, journal, opens=False) as second,
    ):
        await hand_in(shared_url, *keys, seconds=0.1)
        await finished(shared_url, *keys)
    assert journal.begun() == once(*keys)
    assert {pid for key in keys for pid in journal.workers(key)} <= {first.pid, second.pid}


async def test_a_restart_of_the_database_under_load_loses_nothing_and_does_nothing_twice(
    own_server: PostgresServer, journal: Journal
) -> None:
    database = own_server.create_database()
    migrate_engine(database.url)
    keys = [f"{number}" for number in range(10)]
    # A lease that spans the restart, however slow the disk: nobody is to be taken for dead.
    patient = partial(working, database.url, journal, lease=30.0)
    with patient(), patient():
        await hand_in(database.url, *keys, seconds=0.3)
        await until(lambda: len(journal.begun()) > 10)
        await asyncio.to_thread(own_server.restart, crash=True)
        details = await finished(database.url, *keys)
    assert {detail.work.status for detail in details} == {WorkStatus.DONE}
    assert {detail.work.begun for detail in details} == {1}
    assert journal.begun() == once(*keys)


async def test_a_replica_told_to_end_while_the_database_is_down_ends_nevertheless(
    own_server: PostgresServer, journal: Journal
) -> None:
    database = own_server.create_database()
    migrate_engine(database.url)
    with working(database.url, journal) as worker:
        await hand_in(database.url, "x", sticks="a")
        await until(lambda: ("x", "a") in journal.begun())
        await asyncio.to_thread(own_server.stop)
        assert await asyncio.to_thread(worker.terminate) == 3  # not all of its threads ended
    await asyncio.to_thread(own_server.start)
    with working(database.url, journal):
        await until(lambda: journal.begun()["x", "a"] == 2)
