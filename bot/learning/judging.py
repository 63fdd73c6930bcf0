"""What people made of an answer, out of thumbs and of what engineers found out.

Where they contradict each other nothing is learnt from it: that is for review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.conversations import Rating, Score
from bot.domain.datasets import Correction, Judgement, Source
from bot.domain.escalations import Truth, WasRight
from bot.domain.resolved_cases import ResolvedCase
from bot.domain.verdicts import Verdict, VerdictKind

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
    case: ResolvedCase | None = None,
    verdict: Verdict | None = None,
    *,
    is_solved: bool = False,
) -> Judged:
    """`case` is what came of it, once a person approved that; `verdict` what the bot
    said; `is_solved` that its asker called it solved.

    An answer that is right in part is wrong: what was right of it nobody says.
    """
    by_engineers = {_OF_TRUTH[one.bot] for one in truths if one.bot in _OF_TRUTH}
    by_thumbs = {_OF_SCORE[one.score] for one in ratings}
    if is_solved and not by_engineers:
        by_thumbs.add(Judgement.RIGHT)
    said = by_engineers | by_thumbs
    if len(said) > 1:
        return Judged(Judgement.CONTRADICTED)
    if not said:
        return Judged()
    source = Source.RESOLUTION if by_engineers else Source.RATING
    judgement = said.pop()
    corrects = judgement is Judgement.WRONG
    return Judged(judgement, source, _correction(truths, case, verdict) if corrects else None)


def _correction(
    truths: Sequence[Truth], case: ResolvedCase | None, verdict: Verdict | None
) -> Correction | None:
    """In the words of whoever said something last; else in those of the case."""
    told = [one for one in truths if one.was_wrong.strip() and one.fixed_by.strip()]
    named = _named(case, verdict)
    if told:
        newest = max(told, key=lambda one: (one.at, one.escalation))
        return Correction(newest.was_wrong.strip(), newest.fixed_by.strip(), *named)
    return Correction("", case.fix.strip(), *named) if case and case.fix.strip() else None


def _named(case: ResolvedCase | None, verdict: Verdict | None) -> tuple[VerdictKind | None, str]:
    """A case has the bot's cause where the human named none: that was wrong."""
    if case is None or (verdict is not None and case.cause == verdict.cause):
        return None, ""
    return case.kind, case.cause
