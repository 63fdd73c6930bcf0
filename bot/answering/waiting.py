"""Who waits beyond the Dag: assets that this run did not write, and the Dags that wait for them."""

from __future__ import annotations

from bot.answering.foreign import one_line
from bot.answering.wording import listed
from bot.domain.evidence import Evidence, ProducedAsset
from bot.words import say

_WRITTEN = frozenset({"success", "skipped", "removed"})


def held_assets(evidence: Evidence) -> tuple[ProducedAsset, ...]:
    """Those of the Dag's assets that a task of this run should have written and did not."""
    dag_id = evidence.target.dag_id
    written = {one.task_id: True for one in evidence.task_instances}
    for one in evidence.task_instances:
        written[one.task_id] = written[one.task_id] and one.state in _WRITTEN
    at_fault = evidence.task_instance
    if at_fault is not None:
        written.setdefault(at_fault.task_id, at_fault.state in _WRITTEN)
    return tuple(
        asset
        for asset in evidence.assets
        if any(dag == dag_id and not written.get(task, True) for dag, task in asset.writers)
    )


def waiting_dags(evidence: Evidence) -> tuple[str, ...]:
    """Other Dags that are scheduled by one of these, or read it."""
    found = (one for asset in held_assets(evidence) for one in asset.consumers)
    return tuple(one for one in dict.fromkeys(found) if one != evidence.target.dag_id)


def waiting_words(evidence: Evidence) -> str:
    """`report_daily and features, for orders`; "" where nobody waits."""
    dags = listed([one_line(one, 60) for one in waiting_dags(evidence)])
    dag_id = evidence.target.dag_id
    assets = [one for one in held_assets(evidence) if set(one.consumers) - {dag_id}]
    names = listed([one_line(one.name, 60) for one in assets], 3)
    return say("{dags}, for {assets}", dags=dags, assets=names) if dags else ""
