"""Whether a piece of evidence bears out words that were said about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.answering.prompts.fence import for_prompt
from bot.answering.prompts.pack import Item
from bot.answering.quotes import folded

_WORD = re.compile(r"[A-Za-z][a-z]+|[A-Z]{2,}|\d+")
_EDGE = re.compile(r"\w")
_STOP_WORDS = (
    "the and for was were that this with from has had have not but its are because after before "
    "when then than which who what where why into out over under again also all any been being "
    "can could did does task dag airflow log line lines shows show try run"
)
_STOP = frozenset(_STOP_WORDS.split())
_QUOTATION = " \"'`\u201c\u201d\u2018\u2019"
_STEM = 5  # letters: enough to tell "memory" from "memo", few enough to join "killed" and "kill"


def supports(evidence: str, words: str) -> bool:
    """`words` occur in `evidence`, as whole words, whatever their case and spacing."""
    wanted = folded(for_prompt(words)).strip(_QUOTATION).rstrip(".…")
    if not wanted:
        return False
    before = r"(?<!\w)" if _EDGE.match(wanted[0]) else ""
    after = r"(?!\w)" if _EDGE.match(wanted[-1]) else ""
    return re.search(before + re.escape(wanted) + after, folded(evidence)) is not None


def shares_words(text: str, cited: Sequence[Item]) -> bool:
    """At least one telling word of `text` is in the cited evidence."""
    return bool(telling_words(text) & telling_words(" ".join(item.text for item in cited)))


def telling_words(text: str) -> frozenset[str]:
    """Words that say something, cut to stems; CamelCase and snake_case are taken apart."""
    words = (word.lower() for word in _WORD.findall(text))
    return frozenset(word[:_STEM] for word in words if len(word) > 2 and word not in _STOP)
