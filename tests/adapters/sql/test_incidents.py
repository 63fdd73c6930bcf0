"""Failures by incident on both databases, also those that alerts took in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.alerts import SqlAlerts
from bot.adapters.sql.incidents import SqlIncidents
from bot.domain.alerts import Found, Look
from bot.domain.failures import Failure, Success
from bot.domain.incidents import FailureSeen
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from bot.services.alert_ports import Placed

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LONG_AGO = START - timedelta(days=1)


def seen(dag: str = "orders", minutes: float = 0, incident: str = "*:refused") -> FailureSeen:
    at = START + timedelta(minutes=minutes)
    return FailureSeen(
        incident,
        "prod",
        dag,
        "r1",
        "load",
        -1,
        at,
        title="Refused",
        kind=VerdictKind.DEPENDENCY,
        turn_id=f"turn of {dag}",
    )


@pytest.fixture
def incidents(engine: AsyncEngine) -> SqlIncidents:
    return SqlIncidents(engine)


@pytest.fixture
def alerts(engine: AsyncEngine) -> SqlAlerts:
    return SqlAlerts(engine, lambda _, job: None, clock=lambda: START)


async def told(alerts: SqlAlerts, dag: str, incident: str, channel: str = "C1") -> Failure:
    failure = Failure(Target("prod", dag, "r1", "load", None, 1), "failed", START, START)
    await alerts.place([Placed(failure, channel)])
    await alerts.settle(Look(channel, failure, START), Found(incident, "Told", "t1"))
    return failure


async def test_what_was_looked_into_is_known_by_its_incident(incidents: SqlIncidents) -> None:
    for one in (seen(), seen("billing", 5), seen("stock", 6, "*:other")):
        await incidents.keep(one)
    assert [one.dag_id for one in await incidents.of("*:refused", LONG_AGO, 10)] == [
        "billing",
        "orders",
    ]
    assert len(await incidents.since(START + timedelta(minutes=1), 10)) == 2
    assert len(await incidents.since(LONG_AGO, 1)) == 1


async def test_a_later_look_at_the_same_failure_takes_the_place_of_the_earlier(
    incidents: SqlIncidents,
) -> None:
    await incidents.keep(seen(incident="*:unknown"))
    await incidents.keep(seen())
    await incidents.keep(replace(seen(minutes=-5), incident="*:old"))
    assert [one.incident for one in await incidents.since(LONG_AGO, 10)] == ["*:refused"]


async def test_failures_in_alerts_are_of_the_same_incident(
    incidents: SqlIncidents, alerts: SqlAlerts
) -> None:
    await incidents.keep(seen())
    await told(alerts, "billing", "*:refused")
    await told(alerts, "stock", "*:other")
    found = await incidents.of("*:refused", LONG_AGO, 10)
    assert {one.dag_id for one in found} == {"orders", "billing"}
    assert len(await incidents.since(LONG_AGO, 10)) == 3


async def test_a_run_that_went_well_answers_both(
    incidents: SqlIncidents, alerts: SqlAlerts
) -> None:
    await incidents.keep(seen())
    await told(alerts, "billing", "*:refused")
    later = START + timedelta(minutes=30)
    ran = [Success("prod", "orders", "r2", later)]
    ran.append(Success("prod", "billing", "r2", later, task_id="load"))
    await alerts.succeed(ran)
    assert all(one.is_answered for one in await incidents.of("*:refused", LONG_AGO, 10))
    await incidents.keep(seen(minutes=45))
    found = await incidents.of("*:refused", LONG_AGO, 10)
    assert {one.dag_id: one.is_answered for one in found} == {"orders": False, "billing": True}


async def test_old_failures_are_forgotten(incidents: SqlIncidents) -> None:
    await incidents.keep(seen(minutes=-60))
    await incidents.keep(seen("billing"))
    assert await incidents.tidy(START - timedelta(minutes=30)) == 1
    assert [one.dag_id for one in await incidents.since(LONG_AGO, 10)] == ["billing"]
