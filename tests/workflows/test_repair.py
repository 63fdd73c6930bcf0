from __future__ import annotations

import asyncio
import inspect

from dbos import DBOS, DBOSClient
from dbos import _core as dbos_core
from dbos import _migration as dbos_migration
from dbos import _sys_db as dbos_database
from sqlalchemy import text
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from bot.domain.work import WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.databases import is_sqlite, open_engine
from tests.postgres import PostgresDatabase
from tests.waiting import until
from tests.workflows.support import Errand, claim, errand, finished, looking, running


async def quick(body: Errand, steps: DurableSteps) -> str:
    return body.text


def rename(url: str, table: str, name: str) -> None:
    database = open_engine(url, connections=1)
    schema = "" if is_sqlite(url) else "dbos."
    with database.begin() as connection:
        connection.execute(text(f"ALTER TABLE {schema}{table} RENAME TO {name}"))
    database.dispose()


async def test_a_claim_that_nobody_heard_of_does_not_hold_up_its_thread(url: str) -> None:
    async with running(url, quick, lease=0.3) as engine:
        await engine.start(errand("a", share="thread", delay=3600))
        await asyncio.to_thread(claim, url, "a", owner=engine.executor_id)
        await engine.start(errand("b", share="thread"))
        a, b = await finished(url, "a", "b")
    assert (a.work.status, b.work.status) == (WorkStatus.DONE, WorkStatus.DONE)


async def test_work_that_takes_long_is_not_taken_for_lost(url: str) -> None:
    begun: list[str] = []
    release = asyncio.Event()

    async def slow(body: Errand, steps: DurableSteps) -> None:
        begun.append(body.text)
        await release.wait()

    async with running(url, slow, lease=0.1) as engine:
        await engine.start(errand("a"))
        await until(lambda: begun == ["a"])
        await asyncio.sleep(1.0)  # several looks, which is what is tested
        release.set()
        await finished(url, "a")
    assert begun == ["a"]


async def test_a_database_that_fails_while_a_step_is_kept_is_not_how_the_work_ends(
    url: str,
) -> None:
    begun, told = [], []
    release = asyncio.Event()

    async def look() -> str:
        begun.append("look")
        await release.wait()
        return "seen"

    async def question(body: Errand, steps: DurableSteps) -> str:
        try:
            return await steps.run("look", look)
        except Exception as error:  # as a handler does that excuses itself
            told.append(error)
            raise

    with capture_logs() as lines:
        async with running(url, question, lease=0.3) as engine:
            await engine.start(errand("a"))
            await until(lambda: begun == ["look"])
            await asyncio.to_thread(rename, url, "operation_outputs", "away")
            release.set()
            await until(lambda: "work_interrupted" in [line["event"] for line in lines])
            await asyncio.to_thread(rename, url, "away", "operation_outputs")
            [detail] = await finished(url, "a")
    assert detail.work.status is WorkStatus.DONE
    assert told == []


async def test_a_failover_to_a_server_that_is_read_only_at_first_fails_nothing(
    shared: PostgresDatabase,
) -> None:
    name = make_url(shared.url).database
    database = open_engine(shared.url, connections=1)

    def fail_over(change: str) -> None:
        with database.connect() as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.commit()
            connection.execute(text(f'ALTER DATABASE "{name}" {change}'))
            connection.commit()
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        database.dispose()

    async def three_steps(body: Errand, steps: DurableSteps) -> str:
        begun.append(body.text)
        for step in "abc":
            await steps.run(step, lambda: asyncio.sleep(0.3))
        return body.text

    begun: list[str] = []
    keys = [f"{number}" for number in range(8)]
    async with running(shared.url, three_steps, lease=1.0) as engine:
        for key in keys:
            await engine.start(errand(key))
        await until(lambda: len(begun) == len(keys))
        await asyncio.to_thread(fail_over, "SET default_transaction_read_only = on")
        await asyncio.sleep(2.0)  # how long the server is read-only
        await asyncio.to_thread(fail_over, "RESET default_transaction_read_only")
        details = await finished(shared.url, *keys)
    assert {detail.work.status for detail in details} == {WorkStatus.DONE}


async def test_work_that_its_processes_died_of_is_done_alone_until_some_was_survived(
    url: str,
) -> None:
    under_way: set[str] = set()
    beside: list[set[str]] = []  # what was under way when each began

    async def count(body: Errand, steps: DurableSteps) -> None:
        beside.append(set(under_way))
        under_way.add(body.text)
        await asyncio.sleep(0.1)
        under_way.remove(body.text)

    keys = ["a", "b", "c"]
    async with running(url, count, works=False) as engine:
        for key in keys:
            await engine.start(errand(key))
            dead = "local" if is_sqlite(url) else "dead"
            await asyncio.to_thread(claim, url, key, owner=dead, attempts=3)
    async with looking(url) as admin, running(url, count, lease=0.5):
        details = await finished(url, *keys)
        assert {detail.work.queue for detail in details} == {"questions"}
        assert {each.key for each in await admin.list(queue=None)} >= set(keys)
    assert {detail.work.status for detail in details} == {WorkStatus.DONE}
    assert beside[:2] == [set(), set()]


def test_the_private_parts_of_dbos_are_as_the_engine_uses_them() -> None:
    database = dbos_database.SystemDatabase
    again = inspect.signature(database.reenqueue_for_recovery)
    assert list(again.parameters)[1:] == ["workflow_id", "executor_ids", "recovery_queue_name"]
    assert {"count_for_queue", "count_for_partition", "activeList", "add"} <= set(
        vars(dbos_core.ActiveWorkflowById)
    )
    assert "_active_workflows_set" in inspect.getsource(DBOS.__init__)
    assert "_sys_db" in inspect.getsource(DBOSClient.__init__)
    versions = inspect.signature(dbos_migration.get_migration_versions)
    assert list(versions.parameters) == ["engine", "schema", "use_listen_notify"]
    assert list(inspect.signature(dbos_migration.get_sqlite_migration_versions).parameters) == [
        "engine"
    ]
