"""Looking whether what failed runs again, where Airflow is slow and the database away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import Alert, AlertCheck, AlertState, AlertWatch, check_job, watch_job
from bot.domain.capacity import look_job
from bot.domain.errors import StoreError
from bot.domain.evidence import TaskInstance
from bot.domain.failures import Failure, Success
from bot.domain.targets import Target
from bot.domain.work import Queue
from bot.services.alert_ports import Alerts
from bot.services.alert_recovery import Recoveries, _share
from bot.services.ports import TasksSeen
from tests.fakes.cluster import FakeCluster
from tests.fakes.work import Journal, ReplaySteps

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SUCCESS = Success("prod", "etl", "run_2", LATER)


def failure(task: int) -> Failure:
    return Failure(Target("prod", "etl", "run_1", f"task_{task}"), "failed", NOW)


@dataclass
class MemoryAlerts:
    """Of the port `Alerts` what a look needs, over one alert."""

    tasks: int = 3
    relapses: int = 0
    is_away: bool = False
    well: list[str] = field(default_factory=list)

    async def alert(self, alert_id: str) -> Alert | None:
        if self.is_away:
            raise StoreError("The database is away.")
        state = AlertState.OPEN
        return Alert("a", "C1", "i", "t", "", state, NOW, NOW, NOW, relapses=self.relapses)

    async def failing(self, alert_id: str) -> Sequence[Failure]:
        every = map(failure, range(self.tasks))
        return [one for one in every if one.target.task_id not in self.well]

    async def succeed(self, successes: Sequence[Success]) -> int:
        self.well += [one.task_id for one in successes]
        return 0


@dataclass
class SlowCluster(FakeCluster):
    """Every task is well again but those that are `stuck`, of which it never answers."""

    stuck: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)

    async def instances_of(
        self, dag_id: str, task_id: str, *, since: datetime | None = None
    ) -> TasksSeen:
        self.asked.append(task_id)
        if task_id in self.stuck:
            await asyncio.Event().wait()
        return TasksSeen((TaskInstance(dag_id, "run_2", task_id, state="success", end=LATER),))


def recoveries(alerts: MemoryAlerts, cluster: SlowCluster, seconds: float = 0.05) -> Recoveries:
    return Recoveries(cast(Alerts, alerts), {"prod": cluster}, lambda: LATER, seconds)


async def test_what_was_found_well_is_kept_though_time_ran_out_and_the_next_look_is_handed_in() -> (
    None
):
    alerts, cluster = MemoryAlerts(), SlowCluster(stuck=frozenset({"task_1"}))
    journal = Journal()
    body = AlertWatch("a", NOW)
    await recoveries(alerts, cluster).watch(body, ReplaySteps(journal))
    assert alerts.well == ["task_0"]
    (job,) = journal.started
    assert job.body == AlertWatch("a", NOW, 1)
    assert journal.begun == ["watch"]


async def test_who_is_behind_one_that_never_answers_has_its_turn() -> None:
    alerts, cluster = MemoryAlerts(10), SlowCluster(stuck=frozenset({"task_0"}))
    watching = recoveries(alerts, cluster, 0.01)
    for number in range(12):
        await watching.watch(AlertWatch("a", NOW, number), ReplaySteps())
    assert len(alerts.well) == 9


async def test_a_check_of_many_goes_on_until_each_had_its_turn() -> None:
    alerts, cluster = MemoryAlerts(45), SlowCluster()
    body: object = AlertCheck("a", SUCCESS)
    asked = []
    while body is not None:
        assert isinstance(body, AlertCheck)
        journal, before = Journal(), len(cluster.asked)
        await recoveries(alerts, cluster, 60.0).check(body, ReplaySteps(journal))
        asked.append(len(cluster.asked) - before)
        body = journal.started[0].body if journal.started else None
    assert asked == [20, 20, 5]
    assert len(alerts.well) == 45


async def test_while_the_database_is_away_for_long_the_next_look_is_handed_in() -> None:
    alerts = MemoryAlerts(is_away=True)
    watching = recoveries(alerts, SlowCluster())
    for look, next_body in (
        (lambda steps: watching.watch(AlertWatch("a", NOW), steps), AlertWatch("a", NOW, 1)),
        (
            lambda steps: watching.check(AlertCheck("a", SUCCESS), steps),
            AlertCheck("a", SUCCESS, 1),
        ),
    ):
        journal = Journal()
        await cast(Callable[..., object], look)(ReplaySteps(journal))  # type: ignore[misc]
        assert [job.body for job in journal.started] == [next_body]
        assert len(journal.begun) < 5


@given(st.integers(0, 200), st.integers(0, 1000))
def test_one_round_of_shares_has_each_once(count: int, rounds: int) -> None:
    failing = [failure(number) for number in range(count)]
    shares = max(1, -(-count // 20))
    seen = [one for n in range(shares) for one in _share(failing, rounds * shares + n)]
    assert set(seen) == set(failing)
    assert all(len(_share(failing, n)) <= 20 for n in range(shares))


def test_what_asks_airflow_from_time_to_time_waits_beside_what_people_wait_for() -> None:
    watch = watch_job(AlertWatch("a", NOW), NOW)
    check = check_job(AlertCheck("a", SUCCESS))
    assert watch is not None
    assert {watch.queue, check.queue, look_job(NOW).queue} == {Queue.WATCHES}


async def test_of_two_relapses_the_later_one_alone_is_watched() -> None:
    alerts, cluster = MemoryAlerts(relapses=1), SlowCluster()
    older, newer = Journal(), Journal()
    await recoveries(alerts, cluster).watch(AlertWatch("a", NOW, 4), ReplaySteps(older))
    body = AlertWatch("a", NOW, 4, relapses=1)
    await recoveries(alerts, cluster).watch(body, ReplaySteps(newer))
    assert older.started == []
    (job,) = newer.started
    assert job.body == AlertWatch("a", NOW, 5, relapses=1)


@pytest.mark.parametrize("relapses", [1, 2])
def test_chains_of_different_relapses_never_take_the_key_of_one_another(relapses: int) -> None:
    first, other = (
        watch_job(AlertWatch("a", NOW), NOW),
        watch_job(AlertWatch("a", NOW, relapses=relapses), NOW),
    )
    assert first is not None
    assert other is not None
    assert first.key != other.key


async def test_a_check_of_many_that_fail_on_ends() -> None:
    alerts, cluster = MemoryAlerts(45), SlowCluster()
    body = AlertCheck("a", SUCCESS, tries=5)
    journal = Journal()
    await recoveries(alerts, cluster, 60.0).check(body, ReplaySteps(journal))
    assert journal.started == []


async def test_checks_of_an_airflow_that_stays_slow_do_not_pile_up() -> None:
    alerts, cluster = MemoryAlerts(), SlowCluster(stuck=frozenset({"task_0", "task_1", "task_2"}))
    body, looks = AlertCheck("a", SUCCESS), 0
    clock = LATER
    watching = replace(recoveries(alerts, cluster, 0.01), now=lambda: clock)
    while True:
        journal = Journal()
        await watching.check(body, ReplaySteps(journal))
        looks += 1
        if not journal.started:
            break
        (job,) = journal.started
        assert isinstance(job.body, AlertCheck)
        body, clock = job.body, clock + timedelta(seconds=job.delay)
    assert 5 < looks < 12
