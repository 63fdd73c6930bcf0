"""Signals from the cluster around the failure: components, jobs, pools, other failures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.diagnosis.depth import Depth
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.signals_tries import waits
from bot.domain.evidence import ComponentHealth, Evidence, Job, TaskInstance
from bot.domain.signals import Signal

STALE_AFTER = timedelta(seconds=90)
"""Three missed beats of Airflow's slowest component clock (30 s)."""

TOGETHER = timedelta(seconds=15)
APART = timedelta(seconds=30)
"""Tasks that began further apart than this, and ended no further apart than `TOGETHER`, were ended
by one cause. What begins together, at midnight for example, often fails together by chance."""

ON_ITS_WAY = timedelta(minutes=2)
"""Queued for longer than this, a task is not just on its way to a worker."""

_COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


def from_cluster(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    """Facts that hold for more than this task instance."""
    for part in evidence.health:
        if part.name in _COMPONENTS and part.status:
            value = _health(part, evidence.gathered_at)
            quote = quotes.fact(f"the {part.name} is {value}", "health", part.latest_heartbeat)
            bears = value != "healthy" and waits(evidence)
            depth = Depth.OUTSIDE if bears else Depth.STATE
            yield Signal(part.name, value, quote, depth)
    yield from _pools(evidence, quotes)
    yield from _scheduler_jobs(evidence, quotes)
    yield from _elsewhere(evidence, quotes)
    if evidence.airflow_version:
        quote = quotes.fact(f"Airflow {evidence.airflow_version}", "version")
        yield Signal("airflow", evidence.airflow_version, quote)
    executor = evidence.executor or (evidence.task_instance and evidence.task_instance.executor)
    if executor:
        yield Signal("executor", executor, quotes.fact(f"executor: {executor}", "task instance"))


def _health(part: ComponentHealth, now: datetime | None) -> str:
    status = (part.status or "").lower()
    if status == "healthy" and now and part.latest_heartbeat:
        return "stale" if now - part.latest_heartbeat > STALE_AFTER else status
    return status


def _pools(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    chosen = evidence.task_instance
    name = chosen.pool if chosen else None
    if not name or not evidence.pools or not waits(evidence):
        return
    pool = next((one for one in evidence.pools if one.name == name), None)
    if pool is None:
        quote = quotes.fact(f"there is no pool {name}", "pools")
        yield Signal("pool_missing", name, quote, Depth.RECORDED)
        return
    words = f"pool {name} has {pool.slots} slots, {pool.open_slots} open"
    quote = quotes.fact(words, "pools")
    yield Signal("pool_slots", str(pool.slots), quote, Depth.OUTSIDE)
    yield Signal("pool_open_slots", str(pool.open_slots), quote, Depth.OUTSIDE)
    yield from _around_a_queued(evidence, quotes)


def _around_a_queued(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    """What runs elsewhere while this one is queued for longer than the way to a worker takes."""
    task, now = evidence.task_instance, evidence.gathered_at
    if task is None or task.state != "queued" or task.queued_at is None or now is None:
        return
    if now - task.queued_at < ON_ITS_WAY:
        return
    running = sum(pool.running for pool in evidence.pools)
    held = sum(pool.queued for pool in evidence.pools)
    words = f"in all pools {running} tasks run and {held} are queued"
    yield Signal("pools_running", str(running), quotes.fact(words, "pools"), Depth.OUTSIDE)


def _scheduler_jobs(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    """A scheduler that came or went while a try of this task instance ran."""
    tries = evidence.tries or ((evidence.task_instance,) if evidence.task_instance else ())
    spans = [(one.start, one.end) for one in tries if one.start]
    for job in evidence.jobs:
        if job.job_type != "SchedulerJob" or not job.start:
            continue
        for start, end in spans:
            if start < job.start <= (end or job.start) + STALE_AFTER:
                words = f"scheduler {job.id} began at {job.start.isoformat()}, while a try ran"
                quote = quotes.fact(words, "jobs", job.start)
                yield Signal("scheduler_restarted", "true", quote, Depth.OUTSIDE)
                return
            if _died(job, start, end):
                words = f"scheduler {job.id} ended as {job.state} while a try ran"
                quote = quotes.fact(words, "jobs", job.end or job.latest_heartbeat)
                yield Signal("scheduler_restarted", "true", quote, Depth.OUTSIDE)
                return


def _died(job: Job, start: datetime, end: datetime | None) -> bool:
    last = job.end or job.latest_heartbeat
    if job.state not in ("failed", "success") or last is None:
        return False
    return start <= last <= (end or last)


def _together(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    """What failed in the same moments: on a large platform something always fails."""
    own = evidence.task_instance
    near = [one for one in evidence.elsewhere if own is not None and _ended_with(own, one)]
    dags = {one.dag_id for one in near} - {evidence.target.dag_id}
    if dags:
        words = (
            f"tasks of {len(dags)} other Dags, begun at other times, ended within "
            f"{TOGETHER.seconds} s of this one"
        )
        yield Signal("ended_together", str(len(dags)), quotes.fact(words, "elsewhere"), Depth.STATE)
    same = [
        one for one in near if own is not None and own.hostname and one.hostname == own.hostname
    ]
    if same:
        words = f"{len(same)} other tasks on host {same[0].hostname} ended with this one"
        quote = quotes.fact(words, "elsewhere")
        yield Signal("same_host_failures", str(len(same)), quote, Depth.STATE)


def _ended_with(own: TaskInstance, other: TaskInstance) -> bool:
    if not (own.start and own.end and other.start and other.end):
        return False
    return abs(other.end - own.end) <= TOGETHER and abs(other.start - own.start) > APART


def _elsewhere(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    own = evidence.target.dag_id
    dags = {one.dag_id for one in evidence.elsewhere if one.dag_id != own}
    if dags:
        names = ", ".join(sorted(dags)[:5])
        quote = quotes.fact(f"{len(dags)} other Dags failed in these minutes: {names}", "elsewhere")
        yield Signal("other_dags_failing", str(len(dags)), quote, Depth.STATE)
    yield from _together(evidence, quotes)
