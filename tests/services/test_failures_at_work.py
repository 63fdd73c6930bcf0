"""Reported failures over a real database and the real engine, until people are told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.failures import SqlReportedFailures
from bot.cli_work.opening import KEPT
from bot.domain.failures import Failure, FailureBatch, Pace
from bot.domain.targets import Target
from bot.services.failures import FailureService
from bot.services.ports import DurableSteps
from bot.slack.announcer import Announcement, SlackAnnouncer
from bot.slack.posts import Notice, Post
from bot.workflows.config import EngineConfig, Handler
from bot.workflows.databases import migrate_engine
from bot.workflows.engine import Engine

PATIENCE = 60
PACE = Pace(gather=0.5, spacing=0.5)


class Told:
    """What comes before people."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.diagnosed: list[str] = []
        self.lists: list[str] = []

    async def diagnose(self, body: Announcement, steps: DurableSteps) -> None:
        chosen = body.question.chosen
        assert chosen is not None
        self.diagnosed.append(str(chosen.dag_id))
        self.changed.set()

    async def say(self, body: Post, steps: DurableSteps) -> None:
        assert isinstance(body.content, Notice)
        self.lists.append(body.content.text)
        self.changed.set()

    def names(self) -> set[str]:
        listed = (name for text in self.lists for name in DAGS if f" {name}" in text)
        return {*self.diagnosed, *listed}


DAGS = [f"dag_{number}" for number in range(10, 40)]


def failure(dag_id: str) -> Failure:
    target = Target("prod", dag_id, "manual__1", "load", None, 1)
    return Failure(target, "failed", datetime.now(UTC))


async def test_every_failure_that_was_kept_is_told_also_after_a_restart(database_url: str) -> None:
    migrate_engine(database_url)
    told = Told()
    database = create_engine(database_url)

    def another_process(works: bool) -> tuple[Engine, SqlReportedFailures]:
        async def tell(batch: FailureBatch, steps: DurableSteps) -> None:
            await service.tell(batch, steps)

        handlers: dict[str, Handler] = {
            "failures": tell,
            "announcement": told.diagnose,
            "message": told.say,
        }
        engine = Engine(EngineConfig(database_url, works=works, poll=0.05), handlers, KEPT)
        reported = SqlReportedFailures(database, engine.enqueue, pace=PACE)
        service = FailureService(reported, SlackAnnouncer("C1"), diagnosed_per_minute=3)
        return engine, reported

    engine, reported = another_process(works=False)
    await engine.open()
    assert await reported.add([failure(dag) for dag in DAGS[:15]]) == 15
    await engine.close(0)  # nobody has told of them yet
    engine, reported = another_process(works=True)
    await engine.open()
    assert await reported.add([failure(dag) for dag in DAGS]) == 15
    async with asyncio.timeout(PATIENCE):
        while told.names() != set(DAGS):
            told.changed.clear()
            await told.changed.wait()
    await engine.close(0)
    await database.dispose()
    assert len(told.diagnosed) == 3
    assert len(told.lists) <= 2
