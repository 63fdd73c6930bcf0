"""Several rankings made one."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.parameters import DEFAULTS

# Small, so that the first places count: measured best between 5 and 20 on Airflow's own docs.
RANK_CONSTANT = DEFAULTS.rank_constant


def fused(rankings: Sequence[Sequence[str]], k: int = RANK_CONSTANT) -> list[tuple[str, float]]:
    """Reciprocal rank fusion: (id, score), best first; equal scores keep the order of the first.

    An id that occurs several times in one ranking counts at its best place.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, name in enumerate(dict.fromkeys(ranking), start=1):
            scores[name] = scores.get(name, 0.0) + 1.0 / (k + rank)
    return sorted(scores.items(), key=lambda scored: -scored[1])
