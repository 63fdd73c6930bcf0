"""Reported failures over a real database and the real engine, until people are told."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import cast

from bot.adapters.sql.alerts import SqlAlerts
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.failures import SqlReportedFailures
from bot.cli_work.opening import KEPT
from bot.domain.alerts import AlertTold, AlertWatch, Change
from bot.domain.conversations import Turn
from bot.domain.failures import Failure, FailureBatch, Pace
from bot.domain.questions import Intent, Question
from bot.domain.targets import Target
from bot.services.alert_routes import Router
from bot.services.alerts import AlertService
from bot.services.announced import Audience
from bot.services.failures import FailureService
from bot.services.ports import DurableSteps, Steps
from bot.workflows.config import EngineConfig, Handler
from bot.workflows.databases import migrate_engine
from bot.workflows.engine import Engine
from tests.fakes.conversation_store import FakeConversationStore
from tests.slack.alerting import cause_of, diagnosis

PATIENCE = 60
PACE = Pace(gather=0.5, between=0.05)
CAUSES = 3
DAGS = [f"c{number % CAUSES}_{number}" for number in range(30)]


class Everybody:
    """The part of `Audience` that is asked: no channel has quiet hours or secrets."""

    async def quiet_until(self) -> None:
        return None

    async def shown(self, failures: tuple[Failure, ...]) -> tuple[Failure, ...]:
        return failures


class Looks:
    async def look(self, question: Question, steps: Steps) -> Turn:
        target = question.chosen
        assert target is not None
        reply = diagnosis(target, cause_of(target.dag_id or ""))
        return Turn(question.id, question, Intent.DIAGNOSE, reply, None, datetime.now(UTC), 0.1)

    async def told(self, turn: Turn, steps: Steps) -> None:
        """Nobody is called."""


def failure(dag_id: str) -> Failure:
    target = Target("prod", dag_id, "manual__1", "load", None, 1)
    return Failure(target, "failed", datetime.now(UTC))


async def test_every_failure_that_was_kept_is_told_also_after_a_restart(database_url: str) -> None:
    migrate_engine(database_url)
    opened: Counter[str] = Counter()
    batches: set[int] = set()
    changed = asyncio.Event()
    database = create_engine(database_url)

    async def workspace(channel: str) -> str:
        return "T1"

    def another_process(works: bool) -> tuple[Engine, SqlReportedFailures, SqlAlerts]:
        async def batch(body: FailureBatch, steps: DurableSteps) -> None:
            await service.tell(body, steps)
            batches.add(body.number)
            changed.set()

        async def tell(body: AlertTold, steps: DurableSteps) -> None:
            if body.change is Change.OPENED and await alerts.open(body.id) is not None:
                opened[body.id] += 1
            changed.set()

        async def watch(body: AlertWatch, steps: DurableSteps) -> None:
            """Not so soon."""

        async def look(body: object, steps: DurableSteps) -> None:
            await looking.look(body, steps)  # type: ignore[arg-type]
            changed.set()

        handlers: dict[str, Handler] = {
            "failures": batch,
            "alert_look": look,
            "alert_told": tell,
            "alert_watch": watch,
            "alert_remind": watch,
        }
        engine = Engine(EngineConfig(database_url, works=works, poll=0.05), handlers, KEPT)
        reported = SqlReportedFailures(database, engine.enqueue, pace=PACE)
        alerts = SqlAlerts(database, engine.enqueue, pace=PACE)
        everybody = cast(Audience, Everybody())
        looking = AlertService(
            alerts,
            Looks(),
            FakeConversationStore(),
            audience=lambda _: everybody,
            workspace=workspace,
            now=lambda: datetime.now(UTC),
        )
        service = FailureService(reported, Router({}, (), "C1", lambda _: everybody), alerts)
        return engine, reported, alerts

    async def counted() -> int:
        return sum([(await alerts.radius(one)).dags for one in tuple(opened)])

    engine, reported, _ = another_process(works=False)
    await engine.open()
    assert await reported.add([failure(dag) for dag in DAGS[:15]]) == 15
    await engine.close(0)  # nobody has told of them yet
    engine, reported, alerts = another_process(works=True)
    await engine.open()
    assert await reported.add([failure(dag) for dag in DAGS]) == 15
    async with asyncio.timeout(PATIENCE):
        changed.clear()  # before the count: what comes while it is taken counts as well
        while not batches or await counted() < len(DAGS):
            await changed.wait()
            changed.clear()
    await engine.close(0)
    assert len(opened) == CAUSES
    assert set(opened.values()) == {1}
    assert [(await alerts.radius(one)).dags for one in opened] == [10] * CAUSES
    await database.dispose()
