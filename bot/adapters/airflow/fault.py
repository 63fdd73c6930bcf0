"""Which task instance, and which of its tries, a question is about; the same live and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.evidence import DagRun, TaskDetails, TaskInstance
from bot.domain.targets import Target

_LATE = datetime.max.replace(tzinfo=UTC)
_FINISHED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
_UNFINISHED = (  # the nearer to the front, the likelier it holds up the run
    "up_for_retry",
    "queued",
    "scheduled",
    "deferred",
    "awaiting_input",
    "up_for_reschedule",
    "restarting",
    "running",
)


def task_at_fault(
    candidates: Sequence[TaskInstance],
    run: DagRun | None = None,
    tasks: Sequence[TaskDetails] = (),
) -> TaskInstance | None:
    """The task instance that explains how the run stands; None where none stands out.

    The first to fail; else what the run waits for; else, in a failed run without a failed task
    instance, what was cut short; else what was retried, else skipped, else the only one there is.
    """
    failed = [one for one in candidates if one.state == "failed"]
    if failed:
        return min(failed, key=_ended)
    waited_for = _stuck(candidates, run, tasks)
    if waited_for:
        return waited_for
    if run and run.state == "failed":
        cut_short = [one for one in candidates if one.state == "skipped" and one.hostname]
        if cut_short:
            return max(cut_short, key=lambda one: (_started(one), one.task_id))
    retried = [one for one in candidates if one.try_number > 1]
    skipped = [one for one in candidates if one.state == "skipped"]
    alone = candidates if len(candidates) == 1 else ()
    return min(retried or skipped or alone, key=_ended, default=None)


def asked_task(
    target: Target,
    seen: Sequence[TaskInstance],
    run: DagRun | None = None,
    tasks: Sequence[TaskDetails] = (),
) -> TaskInstance | None:
    """The task instance at fault, as far as the target leaves it open.

    One that failed because of another leads to that other: the root is what the asker needs.
    """
    if target.task_id is None:
        return task_at_fault(seen, run, tasks)
    named = [one for one in seen if one.task_id == target.task_id]
    if target.map_index is not None and any(one.map_index == target.map_index for one in named):
        named = [one for one in named if one.map_index == target.map_index]
    chosen = task_at_fault(named, run, tasks) or next(iter(sorted(named, key=_ended)), None)
    if chosen is None or chosen.state != "upstream_failed":
        return chosen
    return _root_above(chosen, seen, tasks) or chosen


def deciding_try(
    chosen: TaskInstance, tries: Sequence[TaskInstance], asked: int | None = None
) -> int | None:
    """The number of the try whose log decides; None where no try ever ran.

    The asked one if there is such a try, else the last that failed, else the latest.
    """
    numbers = {one.try_number for one in tries} | {chosen.try_number}
    if asked is not None and asked in numbers:
        return asked or None
    failed = [one.try_number for one in tries if one.state in ("failed", "up_for_retry")]
    if chosen.state == "failed":
        failed.append(chosen.try_number)
    return max(failed, default=max(numbers)) or None


def is_waiting(chosen: TaskInstance) -> bool:
    """Not finished and not at work: Airflow can say which dependency holds it up."""
    return chosen.state not in _FINISHED and chosen.state not in ("running", "restarting")


def _stuck(
    seen: Sequence[TaskInstance], run: DagRun | None, tasks: Sequence[TaskDetails]
) -> TaskInstance | None:
    for state in _UNFINISHED:
        waiting = [one for one in seen if one.state == state]
        if waiting:
            return min(waiting, key=_began)
    unscheduled = [one for one in seen if one.state is None]
    if not unscheduled or (run and run.state in ("success", "failed")):
        return None
    below = {name for task in tasks for name in task.downstream}
    first = [one for one in unscheduled if one.task_id not in below]
    return min(first or unscheduled, key=lambda one: (one.task_id, one.map_index))


def _root_above(
    blocked: TaskInstance, seen: Sequence[TaskInstance], tasks: Sequence[TaskDetails]
) -> TaskInstance | None:
    above = _upstream_of(blocked.task_id, tasks)
    failed = [one for one in seen if one.state == "failed"]
    return min([one for one in failed if one.task_id in above] or failed, key=_ended, default=None)


def _upstream_of(task_id: str, tasks: Sequence[TaskDetails]) -> frozenset[str]:
    """All tasks from which a path leads to `task_id`."""
    found: set[str] = set()
    wanted = {task_id}
    while wanted:
        wanted = {task.task_id for task in tasks if wanted.intersection(task.downstream)} - found
        found |= wanted
    return frozenset(found)


def _ended(one: TaskInstance) -> tuple[datetime, str, int]:
    return (one.end or one.start or one.queued_at or _LATE, one.task_id, one.map_index)


def _began(one: TaskInstance) -> tuple[datetime, str, int]:
    return (one.queued_at or one.scheduled_at or one.start or _LATE, one.task_id, one.map_index)


def _started(one: TaskInstance) -> datetime:
    return one.start or datetime.min.replace(tzinfo=UTC)


def never_ran(one: TaskInstance) -> bool:
    """No try was ever made, so there is no log to miss: Airflow answers 404 for it."""
    return one.try_number == 0
