"""How sure a verdict is: the rule's own record, times what the evidence takes away from it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from bot.diagnosis.candidates import Candidate, Field
from bot.diagnosis.depth import Depth
from bot.domain.evidence import Evidence
from bot.domain.parameters import CEILING
from bot.domain.runbooks import KnownFailure

CERTAIN = 0.8
"""From here on a claim is one that people act upon without looking themselves."""

# What the rules' own reckoning came to, and the share that was right. Verdicts on sources that
# taught no rule of theirs: of 102 reckoned at 0.8 or more all were right, of 89 below nine in ten.
# Failures put together by strangers: 33 of 33, and 19 of 23. So what lies below stays there.
_BELOW = ((0.0, 0.0), (0.3, 0.3), (0.5, 0.62), (CERTAIN, 0.79))
_ABOVE = ((CERTAIN, 0.9), (0.85, 0.96), (1.0, 0.98))

_CLOSE = 9  # steps of depth within which another cause is as near to the root: one rung
_FAR_ABOVE = 20  # steps of rank by which a rule is so specific that rivals beside it do not count

_TAIL_ONLY = 0.8  # the only proof is what happened to be written last
_BY_MECHANISM = 0.75  # the words' general sense, none of the texts that the rule knows
_RIVAL = 0.85
_OPEN_QUESTION = 0.92
_UNSEEN_VETO = 0.98
_LOG_CUT = 0.9
_AGREEMENT = 1.05


@dataclass(frozen=True)
class Doubts:
    """What stands beside the best of several candidates."""

    field: Field
    evidence: Evidence

    @property
    def best(self) -> Candidate:
        return self.field.candidates[0]

    @property
    def rivals(self) -> tuple[Candidate, ...]:
        return self.field.candidates[1:]

    @property
    def close_rivals(self) -> list[Candidate]:
        """Other verdicts, by rules of their own right, whose proof lies about as deep."""
        return [
            rival
            for rival in self.rivals
            if rival.known.verdict is not self.best.known.verdict
            and rival.known.rank >= 0
            and not rival.by_mechanism
            and self.best.known.cause not in rival.known.symptom_of
            and self.best.found.depth - rival.found.depth <= _CLOSE
            and self.best.known.rank - rival.known.rank < _FAR_ABOVE
        ]

    @property
    def open_questions(self) -> list[KnownFailure]:
        """Other verdicts that something speaks for, and that only unseen evidence could settle."""
        return [
            failure
            for failure, _ in self.field.undecided
            if failure.verdict is not self.best.known.verdict
        ]

    @property
    def agreeing(self) -> bool:
        return any(
            rival.known.verdict is self.best.known.verdict and rival.known.rank >= 0
            for rival in self.rivals
        )


def calibrated(reckoned: float) -> float:
    """The share of verdicts reckoned like this that is right; the order of claims stays."""
    points = _ABOVE if reckoned >= CERTAIN else _BELOW
    for (low, at_low), (high, at_high) in pairwise(points):
        if reckoned <= high:
            found = at_low + (reckoned - low) / (high - low) * (at_high - at_low)
            return min(found, CEILING)
    return CEILING


def confidence(doubts: Doubts) -> float:
    """What the rule's own prior and the doubts come to, in 0..1, before it is `calibrated`."""
    best = doubts.best
    sure = best.known.confidence
    if best.found.depth <= Depth.TAIL and best.known.signatures:
        sure *= _TAIL_ONLY
    if best.by_mechanism:
        sure *= _BY_MECHANISM
    if doubts.close_rivals:
        sure *= _RIVAL
    if doubts.open_questions:
        sure *= _OPEN_QUESTION
    if best.found.unsure:
        sure *= _UNSEEN_VETO
    log = doubts.evidence.log
    if log is not None and not log.complete:
        sure *= _LOG_CUT
    if doubts.agreeing and not doubts.close_rivals:
        sure *= _AGREEMENT
    return min(sure, CEILING)
