"""Who waits beyond the Dag: for assets that this run did not write, or for the run by a sensor."""

from __future__ import annotations

from collections.abc import Mapping

from bot.answering.foreign import one_line
from bot.answering.wording import listed
from bot.domain.evidence import Evidence, ProducedAsset, WaitingSensor
from bot.words import say

_WRITTEN = frozenset({"success", "skipped", "removed"})


def held_assets(evidence: Evidence) -> tuple[ProducedAsset, ...]:
    """Those of the Dag's assets that a task of this run should have written and did not."""
    dag_id, done = evidence.target.dag_id, _done(evidence)
    return tuple(
        asset
        for asset in evidence.assets
        if any(dag == dag_id and not done.get(task, True) for dag, task in asset.writers)
    )


def held_sensors(evidence: Evidence) -> tuple[WaitingSensor, ...]:
    """Those that wait for this run, or for a task of it that did not end well. A sensor waits for a
    run of its own time or before it, so that one of an earlier run waits for something else."""
    done, run = _done(evidence), evidence.dag_run
    due = run.run_after if run is not None else None
    return tuple(
        one
        for one in evidence.sensors
        if one.waits_for == evidence.target.dag_id
        and (due is None or one.run_after is None or one.run_after >= due)
        and (not one.tasks or any(not done.get(task, True) for task in one.tasks))
    )


def waiting_dags(evidence: Evidence) -> tuple[str, ...]:
    """Other Dags that are scheduled by one of these assets, read it, or wait by a sensor."""
    found = [*_consumers(evidence), *_watching(evidence)]
    return tuple(dict.fromkeys(found))


def waiting_words(evidence: Evidence) -> str:
    """`report_daily and features, for orders; billing, by sensor`; "" where nobody waits."""
    dag_id, parts = evidence.target.dag_id, []
    if dags := _names(_consumers(evidence)):
        assets = [one for one in held_assets(evidence) if set(one.consumers) - {dag_id}]
        names = listed([one_line(one.name, 60) for one in assets], 3)
        parts.append(say("{dags}, for {assets}", dags=dags, assets=names))
    if dags := _names(_watching(evidence)):
        parts.append(say("{dags}, by sensor", dags=dags))
    return "; ".join(parts)


def _done(evidence: Evidence) -> Mapping[str, bool]:
    """By task of this run, whether all of its instances ended well."""
    done = {one.task_id: True for one in evidence.task_instances}
    for one in evidence.task_instances:
        done[one.task_id] = done[one.task_id] and one.state in _WRITTEN
    at_fault = evidence.task_instance
    if at_fault is not None:
        done.setdefault(at_fault.task_id, at_fault.state in _WRITTEN)
    return done


def _consumers(evidence: Evidence) -> list[str]:
    found = [one for asset in held_assets(evidence) for one in asset.consumers]
    return [one for one in dict.fromkeys(found) if one != evidence.target.dag_id]


def _watching(evidence: Evidence) -> list[str]:
    found = [one.dag_id for one in held_sensors(evidence)]
    return [one for one in dict.fromkeys(found) if one != evidence.target.dag_id]


def _names(dags: list[str]) -> str:
    return listed([one_line(one, 60) for one in dags])
