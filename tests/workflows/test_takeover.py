from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import Future

from dbos import DBOS
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.domain.work import WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.databases import open_engine
from bot.workflows.takeover import Takeover, live_workers, tell_of_failure
from tests.postgres import PostgresDatabase
from tests.waiting import until
from tests.workflows.support import Errand, errand, finished, looking, running


async def quick(body: Errand, steps: DurableSteps) -> str:
    return body.text


def test_what_is_used_of_dbos_beyond_its_documentation_is_there() -> None:
    """Pinned: without these, work of dead replicas and orderly ends need another way."""
    assert list(inspect.signature(DBOS._recover_pending_workflows).parameters) == ["executor_ids"]
    assert "self.background_thread_stop_events" in inspect.getsource(DBOS.__init__)


async def test_work_of_an_owner_that_shows_no_life_is_done_by_another(
    shared: PostgresDatabase,
) -> None:
    await leave_behind(shared.url, "a", owner="gone")
    async with running(shared.url, quick, lease=0.1):
        [detail] = await finished(shared.url, "a")
    assert detail.work.status is WorkStatus.DONE
    assert detail.work.owner != "gone"


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


async def leave_behind(url: str, key: str, *, owner: str) -> None:
    """Work that a process took up and never finished."""
    async with running(url, quick, works=False) as engine:
        await engine.start(errand(key))
    database = open_engine(url, connections=1)
    with database.begin() as connection:
        connection.execute(
            text(
                "UPDATE dbos.workflow_status SET status = 'PENDING', executor_id = :owner, "
                "owner_xid = 'theirs', recovery_attempts = 1 WHERE workflow_uuid = :key"
            ),
            {"key": key, "owner": owner},
        )
    database.dispose()
