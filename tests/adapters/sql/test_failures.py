"""Reported failures on both databases, and their double in memory: none is lost or told twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.failures import SqlReportedFailures
from bot.adapters.sql.tables import FailureBatchRow, ReportedFailureRow
from bot.domain.errors import StoreError
from bot.domain.failures import Failure, Pace
from bot.domain.targets import Target
from bot.domain.work import Job
from bot.services.ports import ReportedFailures
from tests.fakes.failures import FakeReportedFailures

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PACE = Pace(gather=10)


def failure(dag: str, number: int = 1) -> Failure:
    return Failure(Target("prod", dag, "manual__1", "load", None, number), "failed", START)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Case:
    """One implementation of the port; `jobs` are those of the batches that were opened."""

    reported: ReportedFailures
    clock: Clock
    jobs: list[Job] = field(default_factory=list)

    async def dags(self, number: int) -> list[str | None]:
        taken = await self.reported.take(number)
        return [one.target.dag_id for one in taken]

    @property
    def numbers(self) -> list[int]:
        return [int(job.key.rpartition(":")[2]) for job in self.jobs]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres), "fake"])
async def case(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Case]:
    jobs: list[Job] = []
    if request.param == "fake":
        yield Case(FakeReportedFailures(jobs.append, clock, PACE), clock, jobs)
        return
    database = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres")
    engine = create_engine(database if isinstance(database, str) else database.url)
    reported = SqlReportedFailures(engine, lambda _, job: jobs.append(job), pace=PACE, clock=clock)
    yield Case(reported, clock, jobs)
    await engine.dispose()


async def test_a_failure_is_new_once(case: Case) -> None:
    assert await case.reported.add([failure("a"), failure("b"), failure("a")]) == 2
    assert await case.reported.add([failure("b"), failure("c")]) == 1
    assert await case.reported.add([failure("b")]) == 0
    assert await case.reported.add([]) == 0
    [number] = case.numbers
    assert await case.dags(number) == ["a", "b", "c"]


async def test_failures_come_back_as_they_were(case: Case) -> None:
    told = Failure(Target("prod", "a", "manual__1+00:00", None), "failed", START)
    await case.reported.add([told])
    assert tuple(await case.reported.take(case.numbers[0])) == (told,)


async def test_one_batch_gathers_for_some_seconds(case: Case) -> None:
    await case.reported.add([failure("a")])
    case.clock.forward(9)
    await case.reported.add([failure("b")])
    assert [job.delay for job in case.jobs] == [10]
    case.clock.forward(1)
    await case.reported.add([failure("c")])
    first, second = case.numbers
    assert first < second
    assert await case.dags(first) == ["a", "b"]
    assert await case.dags(second) == ["c"]


async def test_nothing_joins_a_batch_that_was_taken(case: Case) -> None:
    await case.reported.add([failure("a")])
    [first] = case.numbers
    assert await case.dags(first) == ["a"]
    await case.reported.add([failure("b")])
    assert await case.dags(first) == ["a"]
    assert await case.dags(case.numbers[1]) == ["b"]


async def test_overdue_batches_are_taken_with_the_first(case: Case) -> None:
    for dag in "abc":
        await case.reported.add([failure(dag)])
        case.clock.forward(10)
    first, second, third = case.numbers
    assert await case.dags(first) == ["a", "b", "c"]
    assert await case.dags(second) == await case.dags(third) == []
    assert await case.dags(first) == ["a", "b", "c"]


async def test_a_run_adds_nothing_once_a_task_of_it_was_reported(case: Case) -> None:
    task = failure("a")
    run = replace(task, target=replace(task.target, task_id=None, try_number=None))
    other = replace(run, target=replace(run.target, run_id="manual__2"))
    await case.reported.add([task])
    first = case.numbers[0]
    case.clock.forward(10)
    await case.reported.add([run, other])
    case.clock.forward(10)
    assert tuple(await case.reported.take(first)) == (task, other)
    assert tuple(await case.reported.take(first)) == (task, other)
    await case.reported.add([failure("a", 2)])
    assert await case.dags(case.numbers[2]) == ["a"]


@pytest.fixture
async def kept(engine: AsyncEngine, clock: Clock) -> SqlReportedFailures:
    """Over an engine whose work is a row in the same transaction."""
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE work (key TEXT PRIMARY KEY)"))
    return SqlReportedFailures(engine, enqueue, pace=PACE, clock=clock)


def enqueue(connection: Connection, job: Job) -> None:
    connection.execute(text("INSERT INTO work VALUES (:key)"), {"key": job.key})


async def _work(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        keys = await connection.scalars(text("SELECT key FROM work ORDER BY key"))
        return [int(key.rpartition(":")[2]) for key in keys]


async def test_a_batch_and_its_job_are_kept_together_or_not_at_all(
    engine: AsyncEngine, clock: Clock
) -> None:
    def refuse(connection: Connection, job: Job) -> None:
        connection.execute(text("INSERT INTO nowhere VALUES (1)"))

    refusing = SqlReportedFailures(engine, refuse, pace=PACE, clock=clock)
    with pytest.raises(StoreError):
        await refusing.add([failure("a")])
    async with engine.connect() as connection:
        for table in (ReportedFailureRow, FailureBatchRow):
            assert await connection.scalar(select(func.count()).select_from(table)) == 0


async def test_a_rush_loses_nothing_while_batches_are_taken(
    kept: SqlReportedFailures, engine: AsyncEngine, clock: Clock
) -> None:
    """Two replicas take failures in, a third tells; time passes meanwhile."""
    other_engine = create_engine(engine.url.render_as_string(hide_password=False))
    other = SqlReportedFailures(other_engine, enqueue, pace=PACE, clock=clock)
    told: list[str] = []

    async def report(to: SqlReportedFailures, start: int) -> None:
        for number in range(start, start + 60):
            await to.add([failure(f"dag_{number}"), failure("shared", number % 30)])
            clock.forward(0.5)

    async def tell() -> None:
        """Each batch once, as soon as its job is there."""
        seen: set[int] = set()
        while not done.is_set() or set(await _work(engine)) - seen:
            for number in sorted(set(await _work(engine)) - seen):
                seen.add(number)
                told.extend(one.key for one in (await kept.take(number)))
            await asyncio.sleep(0)

    done = asyncio.Event()
    telling = asyncio.create_task(tell())
    await asyncio.gather(*(report(to, 60 * n) for n, to in enumerate((kept, other, kept, other))))
    done.set()
    await telling
    await other_engine.dispose()
    expected = {failure(f"dag_{n}").key for n in range(240)}
    expected |= {failure("shared", n).key for n in range(30)}
    assert sorted(told) == sorted(expected)


async def test_whoever_comes_while_a_batch_is_being_taken_gets_the_next(
    kept: SqlReportedFailures, engine: AsyncEngine
) -> None:
    await asyncio.gather(*(kept.add([failure(f"dag_{n}")]) for n in range(20)))
    [first] = await _work(engine)
    await asyncio.gather(kept.take(first), *(kept.add([failure(f"late_{n}")]) for n in range(20)))
    told = [await kept.take(number) for number in await _work(engine)]
    assert sorted(len(each) for each in told)[-1] >= 20
    assert sum(len(each) for each in told) == 40


async def test_old_failures_are_forgotten(kept: SqlReportedFailures, clock: Clock) -> None:
    await kept.add([failure("old")])
    clock.forward(10)
    number = int(START.timestamp())
    await kept.take(number)
    clock.forward(3_600)
    await kept.add([failure("young")])
    assert await kept.tidy(clock.now) == 1
    assert await kept.add([failure("young")]) == 0
    assert await kept.add([failure("old")]) == 1


async def test_a_database_that_is_away_keeps_nothing_and_says_so(tmp_path: Any) -> None:
    engine = create_engine(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    reported = SqlReportedFailures(engine, lambda _, job: None)
    with pytest.raises(StoreError, match="Keeping reported failures"):
        await reported.add([failure("a")])
    with pytest.raises(StoreError):
        await reported.take(1)
    await engine.dispose()


async def test_errors_do_not_repeat_what_was_reported(
    engine: AsyncEngine, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    # The driver tells of each statement below that, where a test before has asked for it.
    caplog.set_level(logging.INFO)

    def break_off(*_: Any) -> None:
        raise RuntimeError

    listening: tuple[Any, str, Callable[..., None]] = (engine.sync_engine, "commit", break_off)
    event.listen(*listening)
    reported = SqlReportedFailures(engine, lambda _, job: None, clock=clock)
    with pytest.raises(RuntimeError):
        await reported.add([failure("secret_dag")])
    event.remove(*listening)
    assert "secret_dag" not in caplog.text
    assert await reported.add([failure("secret_dag")]) == 1
