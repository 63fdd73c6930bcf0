"""Whether what was asked for is what was seen: nothing is quietly replaced by something else."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.evidence import Evidence, GapReason
from bot.domain.targets import Nowhere, Target
from bot.words import say


def missing_from(asked: Target, evidence: Evidence) -> Nowhere | None:
    """What to say where the run or the task that was named is not there; None where it is.

    A Dag that does not exist is left to the diagnosis: import errors may be behind it.
    """
    if evidence.dag_exists is False or asked.dag_id is None:
        return None
    if asked.run_id is not None and evidence.dag_run is None and _not_found(evidence, "run"):
        return Nowhere(
            looked_for=say("a run {run} of {dag}", run=asked.run_id, dag=asked.dag_id),
            where=(asked.cluster,),
            remedy=say(
                "Ask for the latest run of `{dag}`, or paste its link in Airflow.",
                dag=asked.dag_id,
            ),
        )
    seen = {one.task_id for one in evidence.task_instances}
    known = seen | {one.task_id for one in evidence.tasks}
    if asked.task_id is None or not seen or asked.task_id in known:
        return None
    names = ", ".join(f"`{name}`" for name in sorted(seen)[:5])
    if len(seen) > 5:
        names += say(" and more")
    return Nowhere(
        looked_for=say("a task {task} in {dag}", task=asked.task_id, dag=asked.dag_id),
        where=(asked.cluster,),
        remedy=say("This run has {names}.", names=names),
    )


def differing(asked: Target, evidence: Evidence) -> str:
    """In words, where the diagnosis is of another try or mapped task than the one named."""
    seen = evidence.task_instance
    if seen is None:
        return ""
    parts = []
    if asked.map_index is not None and asked.map_index != seen.map_index:
        there = say("the task, not mapped")
        if seen.map_index >= 0:
            there = say("map index {n}", n=seen.map_index)
        parts.append(
            say("there is no map index {n}; this is {there}", n=asked.map_index, there=there)
        )
    tries = {one.try_number for one in evidence.tries} | {seen.try_number}
    if asked.try_number is not None and asked.try_number not in tries:
        parts.append(
            say("there is no try {n}; this is try {seen}", n=asked.try_number, seen=seen.try_number)
        )
    return "; ".join(parts)


def subject_of(evidence: Evidence) -> Target:
    """The target with what the evidence adds: the task instance at fault and its try."""
    at_fault = evidence.task_instance
    if at_fault is None:
        return evidence.target
    asked_try = evidence.target.try_number
    tries = {one.try_number for one in evidence.tries}
    return replace(
        evidence.target,
        run_id=at_fault.run_id,
        task_id=at_fault.task_id,
        map_index=at_fault.map_index if at_fault.map_index >= 0 else None,
        try_number=asked_try if asked_try in tries else at_fault.try_number or None,
    )


def _not_found(evidence: Evidence, source: str) -> bool:
    return any(gap.source == source and gap.reason is GapReason.NOT_FOUND for gap in evidence.gaps)
