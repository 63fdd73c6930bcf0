"""The first words of an answer: whose side it is on, and what it is."""

from __future__ import annotations

from bot.domain.verdicts import Verdict
from bot.words import say

# The cause that says that nothing is wrong: it is on nobody's side.
NOTHING_FAILED = "benign"


def headline(verdict: Verdict) -> str:
    """`Your code · An Airflow Variable does not exist`."""
    side = "" if nothing_failed(verdict) else say(verdict.kind.headline)
    return " · ".join(part for part in (side, say(verdict.title)) if part)


def nothing_failed(verdict: Verdict) -> bool:
    return verdict.cause == NOTHING_FAILED
