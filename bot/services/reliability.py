"""Whether confidence means something: verdicts by how sure they were, and how many were right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.domain.verdicts import VerdictKind
from bot.services.evaluate import Outcome, Result

_EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_WELL = (Outcome.RIGHT, Outcome.ALSO_RIGHT)


@dataclass(frozen=True, slots=True)
class Bin:
    """Verdicts whose confidence is in `low` (included) to `high`."""

    low: float
    high: float
    cases: int
    confidence: float  # their mean
    right: float  # share that was right or also right

    @property
    def gap(self) -> float:
        """How far apart the two are; positive where the verdicts were too sure."""
        return self.confidence - self.right


def reliability(results: Sequence[Result]) -> tuple[Bin, ...]:
    """Bins that hold a case. `unknown` claims nothing and is left out, as is what has no label."""
    claims = [
        result
        for result in results
        if result.expected is not None and result.verdict is not VerdictKind.UNKNOWN
    ]
    bins = []
    for low, high in pairwise(_EDGES):
        held = [r for r in claims if low <= r.confidence < high or (high == 1.0 == r.confidence)]
        if held:
            mean = sum(r.confidence for r in held) / len(held)
            right = sum(r.outcome in _WELL for r in held) / len(held)
            bins.append(Bin(low, high, len(held), mean, right))
    return tuple(bins)


def calibration_error(bins: Sequence[Bin]) -> float:
    """The gap that is to be expected of a verdict: the mean over the bins, weighed by cases."""
    cases = sum(one.cases for one in bins)
    return sum(abs(one.gap) * one.cases for one in bins) / cases if cases else 0.0
