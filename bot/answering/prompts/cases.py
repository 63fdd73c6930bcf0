"""How a failure like this one was solved before, for a model."""

from __future__ import annotations

from bot.domain.answers import SolvedBefore
from bot.domain.runbooks import Passage

CASE_SOURCE = "resolved case"
"""Where a passage came from that is a case."""


def passage_of(solved: SolvedBefore) -> Passage:
    """Its id is given where it is put among others."""
    day = f"{solved.at:%Y-%m-%d}"
    text = f"{solved.problem}\n\nWhat fixed it on {day}, in the words of an engineer: {solved.fix}"
    return Passage("", f"Solved on {day}", text, CASE_SOURCE)
