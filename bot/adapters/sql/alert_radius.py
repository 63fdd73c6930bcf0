"""What an alert reaches, counted over the rows of its failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.domain.alerts import Radius

NAMED = 12
"""Dags, or tasks of them, that a card names."""


def radius_of(rows: Sequence[Any]) -> Radius:
    """`rows` are of one task instance each, or of a run as a whole."""
    dags: dict[tuple[str, str], bool] = {}
    parts: dict[tuple[str, str, str], bool] = {}
    for row in rows:
        is_well, dag = bool(row.is_well), (row.cluster, row.dag_id)
        dags[dag] = dags.get(dag, True) and is_well
        part = (*dag, row.task_id)
        parts[part] = parts.get(part, True) and is_well
    has_clusters = len({cluster for cluster, _ in dags}) > 1
    named = {(row.cluster, row.dag_id, row.task_id): part_name(row) for row in rows}
    failing = [
        f"{named[part]} on {part[0]}" if has_clusters else named[part]
        for part, is_well in parts.items()
        if not is_well
    ]
    names = [f"{dag} on {cluster}" if has_clusters else dag for cluster, dag in dags]
    return Radius(
        dags=len(dags),
        runs=len({(row.cluster, row.dag_id, row.run_id) for row in rows}),
        tasks=sum(bool(row.task_id) for row in rows),
        names=tuple(names[:NAMED]),
        recovered=sum(dags.values()),
        parts=len(parts),
        well=sum(parts.values()),
        failing=tuple(failing[:NAMED]),
    )


def part_name(row: Any) -> str:
    """`orders.load`, or `orders` for a run as a whole."""
    return f"{row.dag_id}.{row.task_id}" if row.task_id else str(row.dag_id)
