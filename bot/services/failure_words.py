"""What is said of failures that Airflow reported: plain text for any channel."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.failures import FailedDag, FailuresTold
from bot.domain.targets import Target


def question_about(target: Target) -> str:
    """What a person would have asked, with all that finds the same failure when it is asked again
    in these words."""
    subject = f"Dag {target.dag_id}"
    if target.task_id:
        is_mapped = target.map_index is not None and target.map_index >= 0
        index = f"[{target.map_index}]" if is_mapped else ""
        subject = f"task {target.task_id}{index} of {subject}"
    run = f" (run id {target.run_id})" if target.run_id else ""
    return f"Why did {subject} fail on {target.cluster}{run}?"


def lead_of(failed: FailedDag) -> str:
    """What stands above a diagnosis: who asked for it, and what failed beside it."""
    words = f"Airflow reported this at {failed.first.reported_at:%H:%M} UTC."
    more = failed.tasks - 1
    if more < 1:
        return words
    in_runs = f", in {failed.runs} runs" if failed.runs > 1 else ""
    return f"{words} {_count(more, 'more task')} of this Dag failed with it{in_runs}."


def list_of(told: FailuresTold) -> str:
    """The Dags that were not diagnosed, each on a line of its own, as people look for theirs. Names
    every one of them, or says how many it leaves out."""
    with_cluster = _clusters(told) > 1
    lines = []
    others = _others(told)
    if told.listed:
        noun = "more Dag" if told.diagnosed else "Dag"
        count = _count(len(told.listed) + told.unnamed, noun)
        lines.append(f"{count} failed {_when(told)}:")
        lines += [*_names(told.listed, with_cluster), *others]
        others = []
    if told.known:
        lines.append("Failed again since I looked into it above:")
        lines += [*_names(told.known, with_cluster), *others]
    return "\n".join([*lines, _HINT])


_HINT = "Mention me with a name, and I look into that one."


def _others(told: FailuresTold) -> list[str]:
    """A line on those for whose names there is no room, where there are any."""
    if not told.unnamed:
        return []
    return [f"… and {_count(told.unnamed, 'other')} ({_count(told.unnamed_tasks, 'task')})"]


def _names(dags: Sequence[FailedDag], with_cluster: bool) -> list[str]:
    return [f"• {_name(one, with_cluster)}" for one in dags]


def _name(failed: FailedDag, with_cluster: bool) -> str:
    name = failed.name.dag_id
    if with_cluster:
        name = f"{name} on {failed.name.cluster}"
    return f"{name} ({_count(failed.tasks, 'task')})" if failed.tasks > 1 else name


def _clusters(told: FailuresTold) -> int:
    return len({one.name.cluster for one in (*told.diagnosed, *told.listed, *told.known)})


def _when(told: FailuresTold) -> str:
    if told.since is None or told.until is None:
        return ""
    seconds = (told.until - told.since).total_seconds()
    if seconds <= 90:
        return "in the last minute"
    minutes = round(seconds / 60)
    if minutes <= 90:
        return f"in the last {minutes} minutes"
    return f"since {told.since:%Y-%m-%d %H:%M} UTC"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
