"""How a failure like this one was solved before, in words."""

from __future__ import annotations

from bot.domain.answers import SolvedBefore
from bot.domain.runbooks import Passage
from bot.words import mark, say

CASE_SOURCE = "resolved case"
"""Where a passage came from that is a case."""
_BY = mark("Solved this way on {day} by {name}")
_BY_NOBODY = mark("Solved this way on {day}")


def solved_words(solved: SolvedBefore) -> str:
    """`Solved this way on 2026-11-12 by Ada`."""
    day = f"{solved.at:%Y-%m-%d}"
    return say(_BY, day=day, name=solved.by) if solved.by else say(_BY_NOBODY, day=day)


def passage_of(solved: SolvedBefore) -> Passage:
    """The case for a model; its id is given where it is put among others."""
    day = f"{solved.at:%Y-%m-%d}"
    text = f"{solved.problem}\n\nWhat fixed it on {day}, in the words of an engineer: {solved.fix}"
    return Passage("", f"Solved on {day}", text, CASE_SOURCE)
