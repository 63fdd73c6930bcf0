"""Weighing what fits a name, and putting what is left into options for the asker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from bot.domain.evidence import TaskInstance
from bot.domain.targets import Option, Target
from bot.questions.names import Fit
from bot.words import say

MAX_OPTIONS = 5
_LABEL_MAX = 75  # a Slack button's text
# A second name within this many points of the best one is no worse a guess.
_CLOSE_SCORE = 6.0


@dataclass(frozen=True, slots=True)
class DagMatch:
    """A Dag of one cluster that fits a word of the question."""

    cluster: str
    dag_id: str
    fit: Fit
    score: float
    said: str


def best_matches(matches: Sequence[DagMatch]) -> list[DagMatch]:
    """The matches of the best fit, equally good guesses only, one for each Dag and cluster."""
    if not matches:
        return []
    top_fit = max(match.fit for match in matches)
    top = [match for match in matches if match.fit is top_fit]
    top_score = max(match.score for match in top)
    unique: dict[tuple[str, str], DagMatch] = {}
    for match in sorted(top, key=lambda m: (-m.score, m.dag_id, m.cluster)):
        if top_fit in (Fit.PART, Fit.PREFIX) or match.score >= top_score - _CLOSE_SCORE:
            unique.setdefault((match.cluster, match.dag_id), match)
    return list(unique.values())


def spellings(said: str) -> tuple[str, ...]:
    """The word itself and, for `dag.task`, what stands before each of its dots."""
    parts = said.split(".")
    return (said, *(".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)))


def task_part(dag_id: str, said: str) -> str | None:
    return said[len(dag_id) + 1 :] or None if said.startswith(dag_id + ".") else None


def dag_option(match: DagMatch, *, several: bool) -> Option:
    label = (
        say("{name} on {cluster}", name=match.dag_id, cluster=match.cluster)
        if several
        else match.dag_id
    )
    return Option(short(label), Target(match.cluster, match.dag_id))


def unregistered_option(target: Target) -> Option:
    """For a Dag that Airflow may not know because its file does not import."""
    return Option(short(say("No: {dag}, whose file may not import", dag=target.dag_id)), target)


def failure_option(cluster: str, failed: TaskInstance, *, several: bool) -> Option:
    label = f"{failed.dag_id}.{failed.task_id}"
    if failed.map_index >= 0:
        label += f"[{failed.map_index}]"
    if failed.end is not None:
        label += " · " + failed.end.astimezone(UTC).strftime(say("%d %b %H:%M")) + " UTC"
    if several:
        label = say("{name} on {cluster}", name=label, cluster=cluster)
    map_index = failed.map_index if failed.map_index >= 0 else None
    target = Target(cluster, failed.dag_id, failed.run_id, failed.task_id, map_index)
    return Option(short(label), target)


def newest_of_each_task(failed: Sequence[TaskInstance]) -> list[TaskInstance]:
    newest: dict[tuple[str, str], TaskInstance] = {}
    for one in sorted(failed, key=_ended, reverse=True):
        newest.setdefault((one.dag_id, one.task_id), one)
    return list(newest.values())


def _ended(failed: TaskInstance) -> float:
    return failed.end.timestamp() if failed.end else 0.0


def short(label: str) -> str:
    """Cut to the text of a button."""
    return label if len(label) <= _LABEL_MAX else label[: _LABEL_MAX - 1] + "…"
