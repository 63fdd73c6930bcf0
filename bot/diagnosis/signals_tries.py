"""Signals from the task instance and its tries: state, counters, what never started."""

from __future__ import annotations

from collections.abc import Iterator

from bot.diagnosis.depth import Depth
from bot.diagnosis.quoting import Quotes
from bot.domain.evidence import Evidence, TaskInstance
from bot.domain.signals import Signal

FAILED = ("failed", "up_for_retry")
_WAITING = ("scheduled", "queued", "deferred", "up_for_reschedule", "up_for_retry", "none")


def from_tries(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    """Facts from the task instance at fault and all tries of it."""
    chosen = evidence.task_instance
    if chosen is None:
        return
    state = chosen.state or "none"
    quote = quotes.fact(_sentence(chosen), "task instance", chosen.end)
    yield Signal("state", state, quote, Depth.STATE)
    for name, value in (("operator", chosen.operator), ("pool", chosen.pool)):
        if value:
            yield Signal(name, value, quotes.fact(f"{name}: {value}", "task instance"))
    if chosen.duration is not None:
        yield Signal("ran_for", f"{chosen.duration:.1f}", quote, Depth.STATE)
    yield from _never_started(chosen, quotes)
    yield from _counters(chosen, quotes)
    yield from _earlier_tries(evidence, chosen, quotes)
    yield from _waiting(evidence, chosen, quotes)
    yield from _mapped(evidence, chosen, quotes)
    yield from _limits(evidence, quotes)


def never_started(task: TaskInstance) -> bool:
    """It failed without a process: no host, no process id, though it had been scheduled."""
    planned = task.queued_at or task.scheduled_at or (task.start and task.duration == 0)
    return bool(planned and not task.hostname and task.pid is None and task.state in FAILED)


def waits(evidence: Evidence) -> bool:
    """Nothing has failed: the run or the task instance waits. Only then do the state of pools,
    components and the pause switch as they are now explain anything."""
    chosen, run = evidence.task_instance, evidence.dag_run
    if run is not None and run.state in ("success", "failed"):
        return False
    if chosen is None:
        return run is not None and run.state == "queued"
    return (chosen.state or "none") in _WAITING


def _sentence(task: TaskInstance) -> str:
    allowed = f" of {task.max_tries + 1}" if task.max_tries is not None else ""
    name = task.task_id or "the task"
    return f"{name} is {task.state or 'not scheduled yet'}, try {task.try_number}{allowed}"


def _never_started(task: TaskInstance, quotes: Quotes) -> Iterator[Signal]:
    if never_started(task):
        quote = quotes.fact(f"{task.task_id} failed without host and process id", "task instance")
        yield Signal("never_started", "true", quote, Depth.ROOT)


def _counters(task: TaskInstance, quotes: Quotes) -> Iterator[Signal]:
    if task.max_tries is None:
        return
    left = task.max_tries + 1 - task.try_number
    if task.state == "failed" and left > 0:
        quote = quotes.fact(f"failed for good with {left} tries left", "task instance")
        yield Signal("retries_left", str(left), quote, Depth.STATE)
    if left < 0:
        quote = quotes.fact(
            f"try {task.try_number} though only {task.max_tries + 1} were allowed", "task instance"
        )
        yield Signal("extra_try", "true", quote, Depth.OUTSIDE)


def _earlier_tries(evidence: Evidence, task: TaskInstance, quotes: Quotes) -> Iterator[Signal]:
    failed = [one for one in evidence.tries if one.state in FAILED]
    if failed:
        quote = quotes.fact(f"{len(failed)} tries failed", "tries", failed[-1].end)
        yield Signal("failed_tries", str(len(failed)), quote, Depth.STATE)
    if task.state == "success" and (failed or len(evidence.tries) > 1):
        quote = quotes.fact(f"try {task.try_number} went well", "tries", task.end)
        yield Signal("recovered", "true", quote, Depth.STATE)


def _waiting(evidence: Evidence, task: TaskInstance, quotes: Quotes) -> Iterator[Signal]:
    state = task.state or "none"
    if waits(evidence):
        quote = quotes.fact(_sentence(task), "task instance")
        yield Signal("waiting", state, quote, Depth.STATE)
    if state == "deferred":
        held = "true" if task.triggerer_id is not None else "false"
        words = "a triggerer holds" if held == "true" else "no triggerer holds"
        quote = quotes.fact(f"{words} the trigger {task.trigger_class or ''}".strip(), "trigger")
        yield Signal("triggerer_assigned", held, quote, Depth.OUTSIDE)


def _mapped(evidence: Evidence, task: TaskInstance, quotes: Quotes) -> Iterator[Signal]:
    if task.map_index < 0:
        return
    mapped = [one for one in evidence.task_instances if one.task_id == task.task_id]
    failed = [one for one in mapped if one.state in FAILED]
    if mapped:
        words = f"{len(failed)} of {len(mapped)} mapped task instances failed"
        share = f"{len(failed) / len(mapped):.3f}"
        yield Signal("map_failed_share", share, quotes.fact(words, "task instances"), Depth.STATE)


def _limits(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    limit = evidence.task.execution_timeout if evidence.task else None
    if limit:
        quote = quotes.fact(f"execution_timeout is {limit:g} s", "task")
        yield Signal("execution_timeout", f"{limit:g}", quote, Depth.STATE)
