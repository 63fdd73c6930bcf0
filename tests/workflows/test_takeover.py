from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import Future
from functools import partial
from time import monotonic, sleep

import pytest
from dbos import DBOS
from sqlalchemy import Connection, select, text, update
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from bot.domain.work import Queue, WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows import moving, takeover
from bot.workflows.databases import is_sqlite, open_engine
from bot.workflows.moving import SUSPECTED_FROM, hand_on
from bot.workflows.takeover import Takeover, live_workers, tell_of_failure
from bot.workflows.work_rows import work_table
from tests.postgres import PostgresDatabase
from tests.waiting import until
from tests.workflows.support import Errand, claim, errand, finished, looking, running


async def quick(body: Errand, steps: DurableSteps) -> str:
    return body.text


def test_what_is_used_of_dbos_beyond_its_documentation_is_there() -> None:
    """Pinned: without it, orderly ends need another way."""
    assert "self.background_thread_stop_events" in inspect.getsource(DBOS.__init__)


async def test_work_of_an_owner_that_shows_no_life_is_done_by_another(
    shared: PostgresDatabase,
) -> None:
    await leave_behind(shared.url, "a", owner="gone")
    async with running(shared.url, quick, lease=0.1):
        [detail] = await finished(shared.url, "a")
    assert detail.work.status is WorkStatus.DONE
    assert detail.work.owner != "gone"


async def test_who_has_just_begun_to_watch_takes_over_long_before_a_lease_has_passed(
    shared: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_UPTIME", text("SELECT 1e9::float"))
    monkeypatch.setattr(takeover, "_QUICK", 0.0)
    await leave_behind(shared.url, "a", owner="gone")
    async with running(shared.url, quick, lease=3600):
        await finished(shared.url, "a")


async def test_right_after_a_start_of_the_database_a_lease_has_to_pass(
    shared: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_UPTIME", text("SELECT 0::float"))
    monkeypatch.setattr(takeover, "_QUICK", 0.0)
    looks: list[set[str]] = []
    seen = takeover._missing

    def noted(connection: Connection) -> set[str]:
        looks.append(seen(connection))
        return looks[-1]

    monkeypatch.setattr(takeover, "_missing", noted)
    await leave_behind(shared.url, "a", owner="gone")
    async with running(shared.url, quick, lease=3600), looking(shared.url) as admin:
        await until(lambda: looks.count({"gone"}) >= 3)
        kept = await admin.show("a")
        assert kept is not None
        assert (kept.work.status, kept.work.owner) == (WorkStatus.RUNNING, "gone")


async def test_all_work_of_the_dead_is_taken_over_at_once(url: str) -> None:
    """And what they may have died of is set apart, of any queue."""
    dead = "local" if is_sqlite(url) else "dead"
    async with running(url, quick, works=False) as engine:
        for number in range(30):
            await engine.start(errand(f"q{number}"))
            await engine.start(errand(f"f{number}", queue=Queue.FAILURES))
    questions, failures = ([f"{kind}{number}" for number in range(30)] for kind in "qf")
    await asyncio.to_thread(claim, url, *questions, owner=dead)
    await asyncio.to_thread(claim, url, *failures, owner=dead, attempts=SUSPECTED_FROM)
    database = open_engine(url, connections=1)
    try:
        with database.begin() as connection:
            assert hand_on(connection, ["somebody else"]) == {}
            work = work_table(database.dialect.name)
            rename = update(work).where(work.c.workflow_uuid == "q0")
            connection.execute(rename.values(application_name="of another program"))
            assert hand_on(connection, [dead]) == {"questions": 29, "failures alone": 30}
            connection.execute(rename.values(application_name=None))
            assert hand_on(connection, [dead]) == {"questions": 1}
            assert hand_on(connection, [dead]) == {}
    finally:
        database.dispose()
    async with running(url, quick):
        details = await finished(url, *questions, *failures)
    assert {detail.work.status for detail in details} == {WorkStatus.DONE}


async def test_work_of_an_owner_that_lives_is_not_touched(shared: PostgresDatabase) -> None:
    await leave_behind(shared.url, "a", owner="alive")
    await leave_behind(shared.url, "b", owner="gone")
    other = Takeover(shared.url, "alive", lease=3600)
    other.open()
    async with running(shared.url, quick, lease=0.1), looking(shared.url) as admin:
        await finished(shared.url, "b")
        kept = await admin.show("a")
        assert kept is not None
        assert (kept.work.status, kept.work.owner) == (WorkStatus.RUNNING, "alive")
        other.close()
        await finished(shared.url, "a")


async def test_the_lease_spans_a_restart_of_the_database(shared: PostgresDatabase) -> None:
    other = Takeover(shared.url, "alive", lease=3600)
    other.open()
    await leave_behind(shared.url, "a", owner="alive")
    async with running(shared.url, quick, lease=8.0) as engine, looking(shared.url) as admin:
        await asyncio.to_thread(shared.restart)
        await until(lambda: engine_sees(shared.url, 2))
        kept = await admin.show("a")
        assert kept is not None
        assert (kept.work.status, kept.work.owner) == (WorkStatus.RUNNING, "alive")
        assert await engine.live_workers() == 2
    other.close()


def test_an_outage_is_told_of_once_however_often_it_is_looked_at(
    shared: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "_BEAT", 0.05)
    one = Takeover(shared.url, "one", lease=3600)
    one.open()
    with capture_logs() as lines:
        shared.stop()
        sleep(1.0)
        shared.start()
        deadline = monotonic() + 30
        while not any(line["event"] == "liveness_regained" for line in lines):
            assert monotonic() < deadline
            sleep(0.05)
    one.close()
    assert [line["event"] for line in lines] == ["liveness_lost", "liveness_regained"]


async def test_replicas_are_counted_by_their_signs_of_life(shared: PostgresDatabase) -> None:
    async with running(shared.url, quick) as engine:
        others = [Takeover(shared.url, f"replica {number}", lease=3600) for number in range(2)]
        for other in others:
            other.open()
        assert await engine.live_workers() == 3
        for other in others:
            other.close()
        await until(lambda: engine_sees(shared.url, 1))


def test_a_takeover_that_fails_is_told_of_by_its_class() -> None:
    failed: Future[None] = Future()
    failed.add_done_callback(tell_of_failure)
    with capture_logs() as lines:
        failed.set_exception(ConnectionError("a secret"))
    assert [(line["event"], line["error"]) for line in lines] == [
        ("work_not_taken_over", "ConnectionError")
    ]


async def test_a_takeover_that_breaks_off_half_way_has_moved_nothing(
    shared: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a later question of the thread would be answered before the one that was moved."""
    await leave_behind(shared.url, "a", owner="gone", attempts=SUSPECTED_FROM)
    one = Takeover(shared.url, "one", lease=3600)
    with monkeypatch.context() as broken:
        broken.setattr(moving, "_follow", lambda work: text("SELECT 1 / 0"))
        with pytest.raises(DBAPIError, match="division by zero"):
            await asyncio.to_thread(one._recover, ["gone"])
    assert (await asyncio.to_thread(queues_of, shared.url))["a"] == "questions"
    await asyncio.to_thread(one._recover, ["gone"])
    assert (await asyncio.to_thread(queues_of, shared.url))["a"] == "questions alone"


def test_no_thread_is_left_once_a_sign_of_life_is_given_up(shared: PostgresDatabase) -> None:
    one = Takeover(shared.url, "one", lease=3600)
    one.open()
    one.close()
    assert "liveness" not in {thread.name for thread in threading.enumerate()}


def engine_sees(url: str, count: int) -> bool:
    engine = open_engine(url, connections=1)
    try:
        return live_workers(engine) == count
    finally:
        engine.dispose()


async def leave_behind(url: str, key: str, *, owner: str, attempts: int = 1) -> None:
    """Work that a process took up and never finished."""
    async with running(url, quick, works=False) as engine:
        await engine.start(errand(key))
    await asyncio.to_thread(claim, url, key, owner=owner, attempts=attempts)


async def test_questions_of_a_thread_stay_in_order_behind_one_that_is_suspected(url: str) -> None:
    """Those that waited already, and those that come later; no other thread waits for it."""
    dead = "local" if is_sqlite(url) else "dead"
    of_thread = partial(errand, share="thread")
    async with running(url, quick, works=False) as engine:
        for key in ("1", "2"):
            await engine.start(of_thread(key))
        await engine.start(of_thread("later", delay=3600))
        await engine.start(errand("elsewhere"))
        await asyncio.to_thread(claim, url, "1", owner=dead, attempts=SUSPECTED_FROM)
        await asyncio.to_thread(taken_over, url, dead)
        for job in (of_thread("0"), errand("new"), of_thread("failure", queue=Queue.FAILURES)):
            await engine.start(job)
    queues = await asyncio.to_thread(queues_of, url)
    assert queues == {
        **dict.fromkeys(("1", "2", "later", "0"), "questions alone"),
        **dict.fromkeys(("elsewhere", "new"), "questions"),
        "failure": "failures",
    }

    begun: list[str] = []

    async def noted(body: Errand, steps: DurableSteps) -> None:
        begun.append(body.text)

    async with running(url, noted) as engine:
        await finished(url, "1", "2", "0", "elsewhere", "new")
        await engine.start(of_thread("after"))
        await finished(url, "after")
    assert [key for key in begun if key in {"0", "1", "2"}] == ["1", "2", "0"]
    assert (await asyncio.to_thread(queues_of, url))["after"] == "questions"


def taken_over(url: str, dead: str) -> None:
    database = open_engine(url, connections=1)
    with database.begin() as connection:
        hand_on(connection, [dead])
    database.dispose()


def queues_of(url: str) -> dict[str, str]:
    database = open_engine(url, connections=1)
    work = work_table(database.dialect.name)
    with database.connect() as connection:
        rows = connection.execute(select(work.c.workflow_uuid, work.c.queue_name)).all()
    database.dispose()
    return {row.workflow_uuid: row.queue_name for row in rows}
