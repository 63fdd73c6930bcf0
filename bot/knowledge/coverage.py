"""Whether a passage is about the question at all: how much of the question's words it holds.

Scores of rankings cannot say that: their best is as high for questions that no text answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bot.knowledge.tokens import query_tokens, tokens

# Share of the question's words, weighted by rarity, below which a passage does not answer it.
# Chosen on the questions of tests/benchmarks/retrieval.py: see there what each value gives.
ENOUGH = 0.5
_NAME = re.compile(r"[_\d]")


def coverage(query: str, texts: Iterable[str], rarity: Mapping[str, float]) -> float:
    """0 to 1. `rarity` weighs the query's tokens; one that no text at all holds has the highest.

    Identifiers that occur nowhere are names of somebody's Dag and not part of the question.
    """
    held = set(tokens(" ".join(texts)))
    asked = [token for token in query_tokens(query) if token in rarity]
    rarest = max(rarity.values(), default=0.0)
    counted = [token for token in asked if not (_NAME.search(token) and rarity[token] >= rarest)]
    total = sum(rarity[token] for token in counted)
    if not total:
        return 0.0
    return sum(rarity[token] for token in counted if token in held) / total
