"""Whether a message that calls nobody looks like a question that this bot could answer.

Rather no than yes: a wrong guess talks into other people's conversation.
"""

from __future__ import annotations

import re

from bot.domain.questions import Intent
from bot.questions.intents import intent_of
from bot.questions.mentions import mentions_in
from bot.questions.words import is_id_like

_AIRFLOW = re.compile(
    r"\b(?:airflow|dags?|dag runs?|task instances?|scheduler|triggerer|backfill|task logs?)\b"
)
_ASKS = re.compile(
    r"\?|^(?:why|what|how|when|where|who|which|is|are|does|did|do|can|could|has|any(?:body|one))\b"
    r"|\b(?:any idea|any ideas|help me|somebody know|anyone know|does anyone|can anyone)\b"
)
_ANSWERABLE = frozenset({Intent.DIAGNOSE, Intent.STATUS, Intent.LOGS, Intent.HEALTH, Intent.HOW_TO})
_WORDS_MIN, _WORDS_MAX = 4, 120


def looks_like_question(text: str) -> bool:
    """About Airflow, asked of nobody in particular, and of a kind that has an answer."""
    words = text.lower()
    count = len(words.split())
    if not _WORDS_MIN <= count <= _WORDS_MAX or _ASKS.search(words) is None:
        return False
    hints = mentions_in(text, ())
    names = [name for name in (hints.task, *hints.names) if name and is_id_like(name)]
    if _AIRFLOW.search(words) is None:
        # Without a word of Airflow's a name has to stand beside a failure.
        return bool(names) and re.search(r"\bfail(?:ed|s|ing|ure)?\b", words) is not None
    return intent_of(text, names_something=bool(names), in_diagnosed_thread=False) in _ANSWERABLE
