"""The figures by which verdicts are weighed and passages are ranked, as they were fitted last."""

from __future__ import annotations

import math
from dataclasses import dataclass

CEILING = 0.97
"""No verdict is surer."""
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Parameters:
    """`slope` and `shift` bend how sure a rule is, on the scale of log odds: 1 and 0 leave it as it
    is. Below `abstain_below` (0..1) a verdict would be a guess. `rank_constant` is the k of
    reciprocal rank fusion."""

    slope: float = 1.0
    shift: float = 0.0
    abstain_below: float = 0.3
    rank_constant: int = 20


DEFAULTS = Parameters()
"""As shipped: fitted on labelled failures of public repositories."""


def bent(sure: float, by: Parameters) -> float:
    """How sure it is after all that was found to be true; the order of verdicts stays."""
    if (by.slope, by.shift) == (1.0, 0.0) or not 0.0 < sure < 1.0:
        return sure
    sure = max(sure, _LEAST)
    odds = by.slope * math.log(sure / (1.0 - sure)) + by.shift
    return min(1.0 / (1.0 + math.exp(-odds)), CEILING)
