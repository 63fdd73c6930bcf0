"""The question that goes back where one message names several failures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answering.wording import run_in_words
from bot.domain.targets import Ambiguous, Option, Target
from bot.questions.choices import short
from bot.words import number, say, say_many

MOST_NAMED = 25
"""The first few become buttons, the rest a menu."""


def which_of(several: Sequence[Target], *, single: str) -> Ambiguous:
    """Nothing is asked of Airflow: one of these is meant. `single` is the cluster that need not be
    named, where there is but one."""
    question = say(
        "This message names {n} failures. Which one shall I explain?", n=number(len(several))
    )
    if (more := len(several) - MOST_NAMED) > 0:
        question += say_many(" ({n} more)", " ({n} more)", more)
    options = tuple(_option(target, single) for target in several[:MOST_NAMED])
    return Ambiguous(question, options)


def _option(target: Target, single: str) -> Option:
    parts = [replace(target, run_id=None, try_number=None).label()]
    parts += [run_in_words(target.run_id)] if target.run_id else []
    parts += (
        [say("on {cluster}", cluster=target.cluster)] if target.cluster not in ("", single) else []
    )
    return Option(short(" · ".join(parts)), target)
