"""Finds out whether a diagnosis rests on how long it took before, and then what that was."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from statistics import median

from bot.answering.standing import deciding_try, never_started
from bot.answering.wording import duration
from bot.domain.comparisons import Comparison, Measure, Timed
from bot.domain.evidence import DagRun, Evidence, TaskInstance
from bot.domain.verdicts import Verdict, VerdictKind
from bot.words import say, say_many

_RUN_TOOK = frozenset({"dagrun_timeout"})
_TASK_TOOK = frozenset(
    {"execution_timeout", "external_slow", "sensor_timeout", "silent_running", "trigger_timeout"}
)
_WAITED = frozenset(
    {
        "cloud_capacity",
        "k8s_quota_exceeded",
        "k8s_unschedulable",
        "pod_start_timeout",
        "pool_full",
        "queued_timeout",
        "slots_exhausted",
        "task_limit_reached",
    }
)
# Of these a run that took far longer than others is part of the picture.
_SLOWED = frozenset(
    {VerdictKind.CAPACITY, VerdictKind.PLATFORM, VerdictKind.DEPENDENCY, VerdictKind.UNKNOWN}
)
_FAR_LONGER = 2.0
_NOTABLE = 60.0  # seconds
_LEAST, _MOST = 3, 20  # earlier runs
_OVER = frozenset({"success", "failed"})


def comparison_of(verdict: Verdict, evidence: Evidence) -> Comparison | None:
    """None where the verdict rests on something else, or too little is known of before."""
    if verdict.cause in _RUN_TOOK:
        return _of_run(evidence)
    if verdict.cause in _WAITED:
        return _of_queue(evidence)
    found = _of_task(evidence)
    if found is None or verdict.cause in _TASK_TOOK:
        return found
    is_slow = found.usual is not None and found.this.seconds >= found.usual * _FAR_LONGER
    is_part = verdict.kind in _SLOWED and is_slow and found.this.seconds >= _NOTABLE
    return found if is_part else None


def in_words(comparison: Comparison) -> str:
    """`load took 42 min in this run, usually 12 min; 8 earlier runs, 10 min to 14 min`."""
    this = duration(comparison.this.seconds)
    if comparison.measure is Measure.QUEUED:
        said = say("{name} waited {this} in this run", name=comparison.name, this=this)
    else:
        said = say("{name} took {this} in this run", name=comparison.name, this=this)
    if comparison.usual is not None:
        said += say(", usually {usual}", usual=duration(comparison.usual))
    if comparison.limit is not None:
        said += say("; it may take {limit}", limit=duration(comparison.limit))
    before = [one.seconds for one in comparison.earlier]
    return said + say_many(
        "; {n} earlier run, {least} to {most}",
        "; {n} earlier runs, {least} to {most}",
        len(before),
        least=duration(min(before)),
        most=duration(max(before)),
    )


def _of_task(evidence: Evidence) -> Comparison | None:
    tried = deciding_try(evidence)
    if tried is None or never_started(tried):
        return None
    this = _took(tried, evidence.gathered_at)
    limit = evidence.task.execution_timeout if evidence.task else None
    before = (_took(one, None) for one in _before(evidence, tried))
    return _compared(Measure.DURATION, tried.task_id, this, before, limit)


def _of_queue(evidence: Evidence) -> Comparison | None:
    tried = deciding_try(evidence)
    if tried is None:
        return None
    until = tried.start or tried.end or evidence.gathered_at
    this = _timed(tried, tried.queued_at or tried.scheduled_at, until)
    before = (_timed(one, one.queued_at, one.start) for one in _before(evidence, tried))
    return _compared(Measure.QUEUED, tried.task_id, this, before)


def _of_run(evidence: Evidence) -> Comparison | None:
    run, dag = evidence.dag_run, evidence.dag
    if run is None:
        return None
    this = _run_took(run, evidence.gathered_at)
    earlier = [
        one
        for one in evidence.recent_runs
        if one.run_id != run.run_id and one.state in _OVER and _is_before(one.start, run.start)
    ]
    before = (_run_took(one, None) for one in earlier)
    limit = dag.dag_run_timeout if dag else None
    return _compared(Measure.DURATION, run.dag_id, this, before, limit)


def _before(evidence: Evidence, tried: TaskInstance) -> list[TaskInstance]:
    """Newest first."""
    return [
        one
        for one in evidence.history
        if one.run_id != tried.run_id and one.state in _OVER and _is_before(one.start, tried.start)
    ]


def _is_before(one: datetime | None, this: datetime | None) -> bool:
    return one is None or this is None or one < this


def _took(task: TaskInstance, now: datetime | None) -> Timed | None:
    if task.duration is not None and task.end is not None:
        return Timed(task.run_id, task.duration, task.start, task.state or "")
    return _timed(task, task.start, task.end or now)


def _timed(task: TaskInstance, since: datetime | None, until: datetime | None) -> Timed | None:
    if since is None or until is None or until < since:
        return None
    return Timed(task.run_id, (until - since).total_seconds(), since, task.state or "")


def _run_took(run: DagRun, now: datetime | None) -> Timed | None:
    until = run.end or now
    if run.start is None or until is None or until < run.start:
        return None
    seconds = (until - run.start).total_seconds()
    return Timed(run.run_id, seconds, run.start, run.state or "")


def _compared(
    measure: Measure,
    name: str,
    this: Timed | None,
    before: Iterable[Timed | None],
    limit: float | None = None,
) -> Comparison | None:
    """`before` is newest first."""
    earlier = tuple(one for one in before if one is not None)[:_MOST][::-1]
    if this is None or len(earlier) < _LEAST:
        return None
    went_well = [one.seconds for one in earlier if one.state == "success"]
    usual = median(went_well) if went_well else None
    return Comparison(measure, name, this, earlier, usual, limit)
