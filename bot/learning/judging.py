"""What people made of an answer, out of thumbs and of what engineers found out.

Where they contradict each other nothing is learnt from it: that is for review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.conversations import Rating, Score
from bot.domain.datasets import Correction, Judgement, Source
from bot.domain.escalations import Truth, WasRight
from bot.domain.verdicts import VerdictKind

_OF_TRUTH = {
    WasRight.YES: Judgement.RIGHT,
    WasRight.PARTLY: Judgement.WRONG,
    WasRight.NO: Judgement.WRONG,
}
_OF_SCORE = {Score.UP: Judgement.RIGHT, Score.DOWN: Judgement.WRONG}


@dataclass(frozen=True, slots=True)
class Judged:
    judgement: Judgement = Judgement.NONE
    source: Source = Source.RULES
    correction: Correction | None = None


def judged(
    ratings: Sequence[Rating],
    truths: Sequence[Truth],
    known: tuple[VerdictKind, str] | None = None,
) -> Judged:
    """`known` is the verdict and cause of the case that came of it, once a person approved that.

    An answer that is right in part is wrong: what was right of it nobody says.
    """
    by_engineers = {_OF_TRUTH[one.bot] for one in truths if one.bot in _OF_TRUTH}
    by_thumbs = {_OF_SCORE[one.score] for one in ratings}
    said = by_engineers | by_thumbs
    if len(said) > 1:
        return Judged(Judgement.CONTRADICTED)
    if not said:
        return Judged()
    source = Source.RESOLUTION if by_engineers else Source.RATING
    judgement = said.pop()
    corrects = judgement is Judgement.WRONG
    return Judged(judgement, source, _correction(truths, known) if corrects else None)


def _correction(
    truths: Sequence[Truth], known: tuple[VerdictKind, str] | None
) -> Correction | None:
    """In the words of whoever said something last."""
    told = [one for one in truths if one.was_wrong.strip() and one.fixed_by.strip()]
    if not told:
        return None
    newest = max(told, key=lambda one: (one.at, one.escalation))
    kind, cause = known or (None, "")
    return Correction(newest.was_wrong.strip(), newest.fixed_by.strip(), kind, cause)
