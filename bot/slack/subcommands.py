"""The words that the slash command begins with: what each is for, and what it needs."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from bot.domain.questions import Intent
from bot.words import mark


@dataclass(frozen=True, slots=True)
class Subcommand:
    """`needs_words`: without any, a form asks for them. `is_private`: nobody else is interested."""

    word: str
    intent: Intent
    about: str
    needs_words: bool = False
    is_private: bool = False


SUBCOMMANDS = (
    Subcommand("why", Intent.DIAGNOSE, mark("why it failed and what to do"), needs_words=True),
    Subcommand(
        "status", Intent.STATUS, mark("how the latest runs of a Dag stand"), needs_words=True
    ),
    Subcommand("logs", Intent.LOGS, mark("the lines of a log that matter"), needs_words=True),
    Subcommand("runbook", Intent.RUNBOOK, mark("a runbook by its name, or the one that words fit")),
    Subcommand("health", Intent.HEALTH, mark("how the clusters are doing")),
    Subcommand("incidents", Intent.INCIDENTS, mark("what fails right now, by what it comes from")),
    Subcommand("mine", Intent.MINE, mark("your Dags that fail"), is_private=True),
    Subcommand("oncall", Intent.ON_CALL, mark("who is on call, now and next"), is_private=True),
    Subcommand("escalate", Intent.ESCALATE, mark("call a human")),
    Subcommand(
        "settings", Intent.SETTINGS, mark("what this bot does in this channel"), is_private=True
    ),
    Subcommand("help", Intent.HELP, mark("what can be asked"), is_private=True),
)
_BY_WORD = {one.word: one for one in SUBCOMMANDS}
_HELP = _BY_WORD["help"]
_ASKING = frozenset(
    {"what", "who", "when", "where", "which", "how", "is", "are", "was", "were"}
    | {"did", "do", "does", "can", "has", "have", "any"}
)
"""With these a question begins, however near a command they are."""
_NEAR = 0.6  # of difflib's ratio: two letters of five may differ


def is_command(word: str) -> bool:
    """No word at all is one: it asks for help."""
    return not word or word.lower() in _BY_WORD


def subcommand_of(word: str) -> tuple[Subcommand, str]:
    """What `word` asks for, with the nearest word where there is none of that name ("" if none is
    near). No word at all asks for help."""
    word = word.lower()
    known = _BY_WORD.get(word)
    if known is not None or not word or word in _ASKING:
        return known or _HELP, ""
    near = difflib.get_close_matches(word, list(_BY_WORD), n=1, cutoff=_NEAR)
    return _HELP, near[0] if near else ""
