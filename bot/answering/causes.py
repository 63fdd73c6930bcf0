"""What a cause is called where people read of it: as its runbook is titled, never by its id."""

from __future__ import annotations

from itertools import zip_longest

from bot.domain.verdicts import RuledOut, Verdict
from bot.words import say


def cause_words(cause: str, title: str) -> str:
    """`oom_killed` as a person would say it, where no title is known."""
    return say(title) if title else cause.replace("_", " ")


def ruled_out_words(one: RuledOut) -> str:
    return cause_words(one.cause, one.title)


def possible_words(verdict: Verdict) -> list[str]:
    """The other causes that fit less well, best first."""
    titles = verdict.possible_titles[: len(verdict.also_possible)]
    return [cause_words(*one) for one in zip_longest(verdict.also_possible, titles, fillvalue="")]
