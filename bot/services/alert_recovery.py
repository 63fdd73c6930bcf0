"""Finds out in Airflow what of an alert is well again: each task by itself, since a run may end
well with a task failed in it, and fail for another while this one is well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from bot.domain.alerts import (
    AlertCheck,
    AlertState,
    AlertWatch,
    next_check,
    watch_job,
)
from bot.domain.errors import AirflowError, BotError
from bot.domain.evidence import TaskInstance
from bot.domain.failures import SUCCESS, Failure, Success
from bot.domain.work import Job, Retry
from bot.services.alert_ports import Alerts
from bot.services.ports import Cluster, DurableSteps

log = structlog.get_logger(__name__)

# No more tries than that: the next look is handed in, and does not keep a place until then.
_LOOK = Retry(attempts=2, pause=2.0, seconds=60.0)
_GOLDEN = 0.618  # of the way round from one beginning to the next comes near none soon
_SHARE = 20  # tasks, or runs as a whole, of one alert at a time
_RUNS = 5  # newest successful runs of a Dag
_FAILS = (AlertState.OPEN, AlertState.WAITING)


@dataclass(frozen=True, slots=True)
class Recoveries:
    """The handler of jobs of the kinds `WATCH` and `CHECK`. `now` gives aware UTC times; all that
    is asked in one look has `seconds`, less than a step may take."""

    alerts: Alerts
    clusters: Mapping[str, Cluster]
    now: Callable[[], datetime]
    seconds: float = 40.0

    async def watch(self, body: AlertWatch, steps: DurableSteps) -> None:
        """Looks from time to time, for those who have no plugin, and hands in the next look. What
        failed again after a recovery has looks of its own."""
        try:
            job = await steps.run("watch", partial(self._watch, body), _LOOK)
        except BotError as error:
            log.warning("alerts.not_watched", alert=body.id, error=str(error))
            job = watch_job(replace(body, number=body.number + 1), self.now())
        if job is not None:
            await steps.start(job)

    async def check(self, body: AlertCheck, steps: DurableSteps) -> None:
        """Looks at once; again some time later where Airflow does not answer."""
        try:
            job = await steps.run("check", partial(self._check, body), _LOOK)
        except BotError as error:
            log.warning("alerts.not_checked", alert=body.id, error=str(error))
            job = next_check(body, self.now())
        if job is not None:
            await steps.start(job)

    async def look(self, failing: Sequence[Failure]) -> bool:
        """Marks what of these is well again, each as soon as that is known; False where a cluster
        did not answer, or not all did in time. Raises `StoreError`."""
        deadline = asyncio.get_running_loop().time() + self.seconds
        is_whole = True
        for failure in failing:
            cluster = failure.target.cluster
            try:
                async with asyncio.timeout_at(deadline) as patience:
                    successes = await self._successes_since(failure)
            except AirflowError as error:
                is_whole = False
                log.warning("alerts.not_watched", cluster=cluster, error=str(error))
                continue
            except TimeoutError:
                if not patience.expired():
                    raise
                log.warning("alerts.not_watched", cluster=cluster, error="It answers slowly.")
                return False
            if successes:
                await self.alerts.succeed(successes)
        return is_whole

    async def look_at(self, alert_id: str, number: int) -> None:
        """The same for a share of what fails in an alert."""
        await self.look(_share(await self.alerts.failing(alert_id), number))

    async def _watch(self, body: AlertWatch) -> Job | None:
        alert = await self.alerts.alert(body.id)
        if alert is None or alert.relapses != body.relapses or alert.state not in _FAILS:
            return None
        await self.look_at(alert.id, body.number)
        since = max(body.since, alert.last_at)
        return watch_job(replace(body, since=since, number=body.number + 1), self.now())

    async def _check(self, body: AlertCheck) -> Job | None:
        alert = await self.alerts.alert(body.id)
        if alert is None or alert.state not in (*_FAILS, AlertState.LISTED):
            return None
        dag = (body.success.cluster, body.success.dag_id)
        failing = await self.alerts.failing(alert.id)
        of_dag = [one for one in failing if (one.target.cluster, one.target.dag_id) == dag]
        is_whole = await self.look(_share(of_dag, body.tries))
        # What is found well leaves the list, so that of many some have their turn a round later.
        if is_whole and (len(of_dag) <= _SHARE or body.tries * _SHARE >= 2 * len(of_dag)):
            return None
        return next_check(body, self.now())

    async def _successes_since(self, failure: Failure) -> Sequence[Success]:
        target = failure.target
        cluster = self.clusters.get(target.cluster)
        if cluster is None or target.dag_id is None:
            return ()
        if target.task_id is None:
            return await _runs_since(cluster, failure, frozenset())
        seen = await cluster.instances_of(target.dag_id, target.task_id, since=failure.run_after)
        found = [
            one
            for one in task_successes(target.cluster, seen.task_instances)
            if one.answers(failure)
        ]
        if found:
            return found
        # Of a task that the Dag has no more there are no instances in runs since.
        known = frozenset(one.run_id for one in seen.task_instances)
        return await _runs_since(cluster, failure, known)


def _share(failing: Sequence[Failure], number: int) -> Sequence[Failure]:
    """Those that the look of this number is at, so that of many each has its turn. Each round
    begins elsewhere: who is last has no turn where Airflow is slow."""
    shares = -(-len(failing) // _SHARE) or 1
    rounds, share = divmod(number, shares)
    begin = int(rounds * _GOLDEN % 1 * len(failing)) + share * _SHARE
    begin %= len(failing) or 1
    return [*failing[begin:], *failing[:begin]][:_SHARE]


async def _runs_since(
    cluster: Cluster, failure: Failure, known: frozenset[str]
) -> Sequence[Success]:
    """Runs that ended well, but for those that are `known` to have an instance of the task."""
    target = failure.target
    dag_id, task_id = target.dag_id or "", target.task_id or ""
    seen = await cluster.runs(dag_id, state=SUCCESS, since=failure.run_after, limit=_RUNS)
    own = {target.run_id} if task_id else set()
    found = [
        Success(target.cluster, dag_id, run.run_id, run.end, run.run_after, task_id)
        for run in seen.runs
        if run.end is not None and run.run_id not in known | own
    ]
    return [one for one in found if one.answers(failure)]


def task_successes(cluster: str, instances: Sequence[TaskInstance]) -> Sequence[Success]:
    """Of each run in which all instances of the task ended well, that it did. They are of one task,
    those of a run one after the other; of the last run some may be missing."""
    runs: dict[str, list[TaskInstance]] = {}
    for one in instances:
        runs.setdefault(one.run_id, []).append(one)
    found = []
    for run_id, of_run in runs.items():
        ends = [one.end for one in of_run if one.state == SUCCESS and one.end is not None]
        if len(ends) == len(of_run):
            first = of_run[0]
            found.append(
                Success(cluster, first.dag_id, run_id, max(ends), first.run_after, first.task_id)
            )
    return found
