"""Alerts on both databases: what fails, fails on, and runs again, in any order."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.alert_tables import AlertFailureRow, DagSuccessRow
from bot.adapters.sql.alerts import SqlAlerts
from bot.adapters.sql.engine import create_engine
from bot.domain.alerts import (
    TOLD,
    AlertCheck,
    AlertState,
    AlertTold,
    Change,
    Diverted,
    Found,
    Look,
    Patience,
)
from bot.domain.failures import Failure, Pace, Success, is_needless
from bot.domain.targets import Target
from bot.domain.work import Job
from bot.services.alert_ports import Joined, NothingLeft, Opened, Placed
from tests.slack.alerting import alert_database

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
NEVER_FULL = Patience(a_minute=1_000)


def minutes(number: float) -> datetime:
    return START + timedelta(minutes=number)


def failure(dag: str, run: int = 1, at: float = 0.0, due: float | None = None) -> Failure:
    target = Target("prod", dag, f"run_{run}", "load", None, 1)
    run_after = None if due is None else minutes(due)
    return Failure(target, "failed", minutes(at), minutes(at), run_after)


def placed(*failures: Failure, channel: str = "C1") -> list[Placed]:
    return [Placed(one, channel) for one in failures]


def well(dag: str, run: int, at: float) -> Success:
    """What is found of the task once a run of its Dag ended well."""
    return Success("prod", dag, f"run_{run}", minutes(at), None, "load")


def found(cause: str) -> Found:
    return Found(f"prod:{cause}", cause, f"turn of {cause}")


@dataclass
class Case:
    """Several replicas over one database; `jobs` is what their changes brought about."""

    replicas: Sequence[SqlAlerts]
    jobs: list[Job] = field(default_factory=list)
    now: datetime = START

    @property
    def alerts(self) -> SqlAlerts:
        return self.replicas[0]

    def looks(self) -> list[Look]:
        return [job.body for job in self.jobs if isinstance(job.body, Look)]

    def told(self) -> Counter[Change]:
        return Counter(job.body.change for job in self.jobs if isinstance(job.body, AlertTold))


def replica(case: Case, engine: AsyncEngine, patience: Patience = NEVER_FULL) -> SqlAlerts:
    numbers = itertools.count(len(case.replicas) * 1_000)
    return SqlAlerts(
        engine,
        lambda _, job: case.jobs.append(job),
        patience=patience,
        pace=Pace(between=0.0),
        clock=lambda: case.now,
        new_id=lambda: f"alert{next(numbers)}",
    )


@pytest.fixture
async def case(database_url: str) -> AsyncIterator[Case]:
    engines = [create_engine(database_url) for _ in range(3)]
    made = Case([])
    for engine in engines:
        made.replicas = [*made.replicas, replica(made, engine)]
    yield made
    for engine in engines:
        await engine.dispose()


async def test_replicas_that_hear_the_same_begin_one_look_and_open_one_alert(case: Case) -> None:
    failures = [failure(f"{n % 4}_{n}") for n in range(40)]
    await asyncio.gather(*(one.place(placed(*failures)) for one in case.replicas))
    looks = case.looks()
    assert len(looks) == 40
    turns = itertools.cycle(case.replicas)
    outcomes = await asyncio.gather(
        *(
            next(turns).settle(look, found((look.failure.target.dag_id or "")[0]))
            for look in [*looks, *looks]
        )
    )
    assert Counter(type(one) for one in outcomes) == {Opened: 4, Joined: 36, NothingLeft: 40}
    assert case.told()[Change.OPENED] == 4
    ids = {one.alert.id for one in outcomes if isinstance(one, Opened)}
    assert [(await case.alerts.radius(one)).dags for one in ids] == [10] * 4


async def test_of_many_successes_at_once_one_brings_the_recovery(case: Case) -> None:
    await case.alerts.place(placed(failure("a"), failure("b")))
    opened = [await case.alerts.settle(look, found("oom")) for look in case.looks()]
    assert isinstance(opened[0], Opened)
    await case.alerts.open(opened[0].alert.id)
    wells = [well(dag, n, n + 1) for dag in "ab" for n in range(10)]
    recovered = await asyncio.gather(
        *(one.succeed([success]) for success, one in zip(wells, itertools.cycle(case.replicas)))
    )
    assert sum(recovered) == 1
    assert case.told()[Change.RECOVERED] == 1
    alert = await case.alerts.alert(opened[0].alert.id)
    assert alert is not None
    assert alert.state is AlertState.RECOVERED


async def test_failures_and_their_answers_that_cross_miss_one_another_never(case: Case) -> None:
    dags = [f"dag_{n}" for n in range(20)]
    changes = []
    for number, dag in enumerate(dags):
        one, other = case.replicas[number % 3], case.replicas[(number + 1) % 3]
        changes.append(one.place(placed(failure(dag))))
        changes.append(other.succeed([Success("prod", dag, "run_2", minutes(1))]))
    await asyncio.gather(*changes)
    for look in case.looks():
        assert isinstance(await case.alerts.settle(look, found("oom")), NothingLeft)


async def test_a_look_that_was_lost_is_begun_again_after_two_days(case: Case) -> None:
    await case.alerts.place(placed(failure("a")))
    await case.alerts.place(placed(failure("a", run=2)))
    assert len(case.looks()) == 1
    case.now += timedelta(days=3)
    await case.alerts.place(placed(failure("a", run=3)))
    assert len(case.looks()) == 2


async def test_what_is_old_is_forgotten_and_what_has_news_is_not(case: Case) -> None:
    await case.alerts.place(placed(failure("a"), failure("b")))
    for look in case.looks():
        await case.alerts.settle(look, found(look.failure.target.dag_id or ""))
    case.now += timedelta(days=10)
    await case.alerts.place(placed(failure("b", run=2)))
    await case.alerts.settle(case.looks()[-1], found("b"))
    assert await case.alerts.tidy(case.now - timedelta(days=7)) == 1
    (left,) = [job.body.id for job in case.jobs if job.kind == TOLD and job.body.id == "alert1"][:1]
    assert (await case.alerts.radius(left)).runs == 2


async def test_each_channel_has_an_alert_of_its_own(case: Case) -> None:
    both = [*placed(failure("a")), *placed(failure("a"), channel="C2")]
    await case.alerts.place(both)
    outcomes = [await case.alerts.settle(look, found("oom")) for look in case.looks()]
    assert {one.alert.channel for one in outcomes if isinstance(one, Opened)} == {"C1", "C2"}


TIMES = st.integers(0, 6)
FAILURES = st.builds(
    failure,
    dag=st.sampled_from("ab"),
    run=st.integers(0, 3),
    at=TIMES,
    due=st.none() | TIMES,
)


def successes_of(runs: st.SearchStrategy[int]) -> st.SearchStrategy[Success]:
    return st.builds(
        lambda dag, run, at, due: Success(
            "prod", dag, f"run_{run}", minutes(at), None if due is None else minutes(due)
        ),
        st.sampled_from("ab"),
        runs,
        TIMES,
        st.none() | TIMES,
    )


SUCCESSES = successes_of(st.integers(0, 3))
SUCCESSES_OF_OTHER_RUNS = successes_of(st.integers(4, 7))


@given(successes=st.lists(SUCCESSES, max_size=8), failures=st.lists(FAILURES, max_size=8))
def test_successes_that_are_outdone_answer_nothing_by_themselves(
    successes: list[Success], failures: list[Failure]
) -> None:
    kept: list[Success] = []
    for one in successes:
        if not is_needless(one, kept):
            kept.append(one)
            for known in kept[:-1]:
                others = [each for each in kept if each is not known]
                kept = others if is_needless(known, others) else kept
    for each in failures:
        assert any(one.answers(each) for one in kept) == any(one.answers(each) for one in successes)


@settings(max_examples=15)
@given(
    reports=st.lists(FAILURES | SUCCESSES_OF_OTHER_RUNS, min_size=1, max_size=12),
    again=st.lists(st.integers(0, 11), max_size=4),
    looks_after=st.sets(st.integers(0, 15), max_size=6),
)
async def test_what_fails_still_is_the_same_in_whichever_order_it_is_heard(
    reports: list[Failure | Success], again: list[int], looks_after: set[int]
) -> None:
    """With duplicates, late reports, and looks at any time in between."""
    distinct: dict[object, Failure | Success] = {}
    for one in reports:
        distinct.setdefault(one.key if isinstance(one, Failure) else one, one)
    told = list(distinct.values())
    heard = [*told, *(told[number % len(told)] for number in again)]
    async with alert_database() as engine:
        case = Case([])
        case.replicas = [replica(case, engine)]
        settled = checked = 0
        for number, one in enumerate(heard):
            if isinstance(one, Failure):
                await case.alerts.place(placed(one))
            else:
                await case.alerts.succeed([one])
                checked = await _checked(case, checked)
            if number in looks_after:
                settled = await _settle(case, settled)
        await _settle(case, settled)
        async with engine.connect() as connection:
            rows = (await connection.execute(select(AlertFailureRow))).all()
            kept = (await connection.execute(select(DagSuccessRow))).all()
        successes = [one for one in told if isinstance(one, Success)]
        failing = {
            one.key
            for one in told
            if isinstance(one, Failure) and not any(well.answers(one) for well in successes)
        }
        assert {row.key for row in rows if not row.is_answered} == failing
        assert len(kept) <= len(successes)
        await _alerts_agree(case, {row.alert_id for row in rows} - {""}, rows)


async def _checked(case: Case, begun: int) -> int:
    """Airflow says of each task what its run says."""
    checks = [job.body for job in case.jobs if isinstance(job.body, AlertCheck)]
    for check in checks[begun:]:
        await case.alerts.succeed([replace(check.success, task_id="load")])
    return len(checks)


async def _settle(case: Case, begun: int) -> int:
    looks = case.looks()
    for look in looks[begun:]:
        outcome = await case.alerts.settle(look, found("oom"))
        if not isinstance(outcome, NothingLeft):
            await case.alerts.open(outcome.alert.id)
    return len(looks)


async def _alerts_agree(case: Case, ids: set[str], rows: Sequence[object]) -> None:
    """An alert fails as long as anything in it does."""
    for alert_id in ids:
        alert = await case.alerts.alert(alert_id)
        assert alert is not None
        fails = any(
            not row.is_answered  # type: ignore[attr-defined]
            for row in rows
            if row.alert_id == alert_id  # type: ignore[attr-defined]
        )
        expected = AlertState.OPEN if fails else AlertState.RECOVERED
        assert alert.state is expected


async def test_a_run_that_ends_well_has_the_tasks_of_its_alerts_looked_at(case: Case) -> None:
    await case.alerts.place(placed(failure("a"), failure("b")))
    for look in case.looks():
        await case.alerts.settle(look, found("oom"))
    success = Success("prod", "a", "run_2", minutes(1))
    assert await case.alerts.succeed([success, success]) == 0
    (check,) = [job.body for job in case.jobs if isinstance(job.body, AlertCheck)]
    assert check.success == success
    radius = await case.alerts.radius(check.id)
    assert (radius.parts, radius.well, radius.failing) == (2, 0, ("a.load", "b.load"))
    await case.alerts.succeed([well("a", 2, 1)])
    radius = await case.alerts.radius(check.id)
    assert (radius.well, radius.failing) == (1, ("b.load",))


async def test_a_failure_that_comes_late_is_answered_by_a_later_run_but_not_by_its_own(
    case: Case,
) -> None:
    await case.alerts.succeed([Success("prod", "a", "run_1", minutes(5))])
    assert (await case.alerts.place(placed(failure("a")))).answered == 0
    await case.alerts.succeed([Success("prod", "b", "run_2", minutes(5))])
    assert (await case.alerts.place(placed(failure("b")))).answered == 1


async def test_what_is_told_elsewhere_says_where_it_belongs_and_is_over_there(case: Case) -> None:
    await case.alerts.place(placed(failure("a")))
    opened = await case.alerts.settle(case.looks()[0], found("oom"))
    assert isinstance(opened, Opened)
    failing = await case.alerts.unanswered(opened.alert.id)
    diverted = Diverted("C1", "not_in_channel")
    for _ in range(2):
        await case.alerts.place([Placed(one, "C2", None, diverted) for one in failing])
        await case.alerts.lose(opened.alert.id)
    lost = await case.alerts.alert(opened.alert.id)
    assert lost is not None
    assert lost.state is AlertState.OVER
    (look,) = case.looks()[1:]
    there = await case.alerts.settle(look, found("oom"))
    assert isinstance(there, Opened)
    assert (await case.alerts.radius(there.alert.id)).diverted == (diverted,)
