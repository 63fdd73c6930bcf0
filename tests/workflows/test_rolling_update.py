"""Replicas of several versions at once, as while an update rolls out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.domain.errors import StoreError
from bot.domain.work import Job, Queue, WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.config import EngineConfig, Schedule
from bot.workflows.databases import is_sqlite, open_engine
from bot.workflows.engine import Engine
from bot.workflows.serializer import TypedJson, Unreadable
from bot.workflows.strangers import Strangers
from bot.workflows.takeover import Takeover
from tests.waiting import until
from tests.workflows.support import Errand, errand, finished, looking, running


@dataclass(frozen=True, slots=True)
class NewBody:
    text: str


async def quick(body: object, steps: DurableSteps) -> str:
    return "done"


def job(key: str, kind: str = "errand") -> Job:
    return Job(key, kind, NewBody("why?"), Queue.QUESTIONS, f"share of {key}")


async def test_an_older_replica_leaves_to_others_what_it_cannot_read_or_do(shared_url: str) -> None:
    newer = Engine(EngineConfig(shared_url, works=False), {}, [Errand, NewBody])
    await newer.open()
    await newer.start(job("body"))
    await newer.start(errand("kind", kind="new kind"))
    async with running(shared_url, quick) as engine, looking(shared_url) as admin:

        async def left() -> bool:
            met = await admin.list(WorkStatus.WAITING)
            return [each.owner for each in met] == [engine.executor_id] * 2

        await until(left)
        waiting = await admin.list(WorkStatus.WAITING)
    await newer.close(0)
    assert {each.key for each in waiting} == {"body", "kind"}
    assert {each.begun for each in waiting} == {0}


async def test_what_nobody_can_read_fails_where_nobody_else_is(file_url: str) -> None:
    newer = Engine(EngineConfig(file_url, works=False), {}, [Errand, NewBody])
    await newer.open()
    await newer.start(job("a"))
    await newer.close(0)
    async with running(file_url, quick):
        [detail] = await finished(file_url, "a")
    assert detail.work.status is WorkStatus.FAILED
    assert "test_rolling_update.NewBody" in detail.work.error


async def test_patience_with_a_stranger_ends() -> None:
    now = 0.0
    put_off: list[str] = []

    async def note(key: str, seconds: float) -> None:
        put_off.append(key)

    strangers = Strangers(note, 100.0, lambda: now)
    assert await strangers.leave(job("a"))
    now = 99.0
    assert await strangers.leave(job("a"))
    now = 101.0
    assert await strangers.leave(job("b"))
    assert not await strangers.leave(job("a"))
    assert put_off == ["a", "a", "b"]


def test_of_a_job_with_an_unknown_body_the_rest_is_read() -> None:
    kept = TypedJson([NewBody]).serialize({"args": (job("a"),), "kwargs": {}})
    found = TypedJson([]).deserialize(kept)["args"][0]
    assert (found.key, found.kind, found.queue) == ("a", "errand", Queue.QUESTIONS)
    assert isinstance(found.body, Unreadable)
    assert "why?" in found.body.text


def test_a_job_of_a_queue_that_is_not_known_is_left_as_one_whose_body_is_not() -> None:
    kept = TypedJson([NewBody]).serialize({"args": (job("a"),), "kwargs": {}})
    newer = kept.replace('"questions"', '"a queue of tomorrow"')
    assert newer != kept
    found = TypedJson([NewBody]).deserialize(newer)["args"][0]
    assert (found.key, found.kind) == ("a", "errand")
    assert isinstance(found.body, Unreadable)
    assert "why?" in found.body.text


async def test_what_others_did_long_ago_is_not_remembered_for_ever() -> None:
    now = 0.0

    async def put_off(key: str, seconds: float) -> None:
        pass

    strangers = Strangers(put_off, 100.0, lambda: now)
    assert await strangers.leave(job("a"))
    now = 201.0
    assert await strangers.leave(job("b"))
    assert await strangers.leave(job("a"))


async def test_work_whose_steps_have_changed_fails_saying_so_without_an_excuse(url: str) -> None:
    begun, told = [], []

    async def before(body: Errand, steps: DurableSteps) -> None:
        await steps.run("gather", lambda: asyncio.sleep(0))
        begun.append(body.text)
        await steps.run("hang", lambda: asyncio.sleep(3600))

    async def now(body: Errand, steps: DurableSteps) -> None:
        try:
            await steps.run("look around first", lambda: asyncio.sleep(0))
        except Exception as error:
            told.append(error)
            raise

    async with running(url, before) as engine:
        await engine.start(errand("a"))
        await until(lambda: begun == ["a"])
    async with running(url, now):
        [detail] = await finished(url, "a")
    assert detail.work.status is WorkStatus.FAILED
    assert "begun by a version of the bot that had other steps" in detail.work.error
    assert told == []


def move_version(url: str, by: int) -> None:
    database = open_engine(url, connections=1)
    versions = "dbos_migrations" if is_sqlite(url) else "dbos.dbos_migrations"
    with database.begin() as connection:
        connection.execute(text(f"UPDATE {versions} SET version = version + {by}"))
    database.dispose()


def schedules_in(url: str) -> list[str]:
    database = open_engine(url, connections=1)
    names = "SELECT schedule_name FROM workflow_schedules"
    with database.connect() as connection:
        found = connection.execute(
            text(names if is_sqlite(url) else names.replace("work", "dbos.work"))
        )
        return list(found.scalars())


async def test_what_came_up_by_itself_ends_once_no_replica_knows_it(url: str) -> None:
    tidy = Schedule("tidy", "0 0 1 1 *", lambda at: errand("tidy"))
    async with running(url, quick, schedules=[tidy]):
        assert await asyncio.to_thread(schedules_in, url) == ["tidy"]
    async with running(url, quick):
        assert await asyncio.to_thread(schedules_in, url) == []


async def test_a_replica_leaves_to_others_what_comes_up_by_itself_for_them(
    shared_url: str,
) -> None:
    rare = "0 0 1 1 *"
    often = Schedule("often", "* * * * * *", lambda at: errand(f"{at}"))
    async with running(shared_url, quick, schedules=[often]):
        pass
    other = Takeover(shared_url, "another replica", 12.0)
    await asyncio.to_thread(other.open)
    try:
        with capture_logs() as lines:
            async with running(shared_url, quick):
                await until(lambda: any(one["event"] == "schedule_not_known" for one in lines))
            assert await asyncio.to_thread(schedules_in, shared_url) == ["often"]
        left = next(one["due"] for one in lines if one["event"] == "schedule_not_known")
        async with running(shared_url, quick, schedules=[replace(often, cron=rare)]):
            await asyncio.to_thread(make_due, shared_url)
            await finished(shared_url, f"{datetime.fromisoformat(left)}")
        async with looking(shared_url) as admin:
            assert not await admin.list(WorkStatus.FAILED)
    finally:
        await asyncio.to_thread(other.close)


async def test_a_schedule_that_nobody_knows_for_long_ends(file_url: str) -> None:
    """Nobody else is there on a file, so that there is nothing to wait for."""
    with capture_logs() as lines:
        async with running(file_url, quick) as engine:
            stale: Any = {"schedule_name": "stale", "workflow_fn": engine._due_workflow}
            stale |= {"schedule": "* * * * * *", "context": "stale"}
            await asyncio.to_thread(DBOS.apply_schedules, [stale])
            await until(lambda: any(one["event"] == "schedule_forgotten" for one in lines))
            assert await asyncio.to_thread(schedules_in, file_url) == []


def make_due(url: str) -> None:
    """As if the time of all that is put off had come."""
    database = open_engine(url, connections=1)
    with database.begin() as connection:
        connection.execute(
            text(
                "UPDATE dbos.workflow_status SET delay_until_epoch_ms = 0 WHERE status = 'DELAYED'"
            )
        )
    database.dispose()


@pytest.mark.parametrize("works", [True, False])
@pytest.mark.parametrize(("by", "remedy"), [(5, "Use the version"), (-3, "airflow-bot migrate")])
async def test_tables_of_another_version_are_refused_in_every_role(
    shared_url: str, works: bool, by: int, remedy: str
) -> None:
    await asyncio.to_thread(move_version, shared_url, by)
    with pytest.raises(StoreError, match=remedy):
        async with running(shared_url, quick, works=works):
            pass


async def test_a_file_with_newer_tables_is_refused(file_url: str) -> None:
    await asyncio.to_thread(move_version, file_url, 5)
    with pytest.raises(StoreError, match="Use the version"):
        async with running(file_url, quick):
            pass
