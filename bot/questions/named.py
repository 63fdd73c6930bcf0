"""Every target that one message names outright, by address or by alert: each once, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.domain.targets import Target
from bot.questions.alerts import Alert, read_alerts
from bot.questions.links import ClusterAddress, target_of_url

_PARTS = ("run_id", "task_id", "map_index", "try_number")


def targets_named(
    text: str, links: Sequence[str], clusters: Sequence[ClusterAddress]
) -> tuple[Target, ...]:
    """What `text` and its `links` point at. A link to a Dag and an alert of its task are one.

    The cluster is empty where neither says it.
    """
    linked = [target for link in links if (target := target_of_url(link, clusters)) is not None]
    alerted = [_of_alert(alert) for alert in read_alerts(text)]
    return _merged(target for target in (*linked, *alerted) if target.dag_id)


def _of_alert(alert: Alert) -> Target:
    return Target("", alert.dag_id, alert.run_id, alert.task_id, alert.map_index, alert.try_number)


def _merged(targets: Iterable[Target]) -> tuple[Target, ...]:
    kept: list[Target] = []
    for target in targets:
        for at, known in enumerate(kept):
            if (one := _as_one(known, target)) is not None:
                kept[at] = one
                break
        else:
            kept.append(target)
    return tuple(kept)


def _as_one(known: Target, other: Target) -> Target | None:
    """Both in one; None where they are two."""
    if known.dag_id != other.dag_id or (
        known.cluster and other.cluster and known.cluster != other.cluster
    ):
        return None
    both = {name: (getattr(known, name), getattr(other, name)) for name in _PARTS}
    if any(None not in pair and pair[0] != pair[1] for pair in both.values()):
        return None
    parts = {name: two if one is None else one for name, (one, two) in both.items()}
    return replace(known, cluster=known.cluster or other.cluster, **parts)
