"""What whoever asked thinks of the cases that they were shown, by what they did."""

from __future__ import annotations

from bot.domain.conversations import Score
from bot.domain.resolved_cases import CaseOpinion


def opinion_of(score: Score | None, *, is_solved: bool) -> CaseOpinion | None:
    """By the newest thumb of whoever asked, and whether they say that it is solved. None where they
    said neither: silence is no opinion. A thumb down counts whatever else was said."""
    if score is Score.DOWN:
        return CaseOpinion.FAILED
    return CaseOpinion.HELPED if score is Score.UP or is_solved else None
