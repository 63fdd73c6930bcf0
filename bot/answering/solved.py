"""How a failure like this one was solved before, in words."""

from __future__ import annotations

from bot.domain.answers import SolvedBefore
from bot.words import mark, say

_BY = mark("Solved this way on {day} by {name}")
_BY_NOBODY = mark("Solved this way on {day}")


def solved_words(solved: SolvedBefore) -> str:
    """`Solved this way on 2026-11-12 by Ada`."""
    day = f"{solved.at:%Y-%m-%d}"
    return say(_BY, day=day, name=solved.by) if solved.by else say(_BY_NOBODY, day=day)
