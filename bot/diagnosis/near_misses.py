"""Lines of other failures that come close to a signature without being of its kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_WORD = re.compile(r"[a-z]{4,}")
_SHARED = 2  # words that make a line a near miss
_FEWEST = 3  # words of its own that a line has to have
_LONGEST = 400
_EVERYWHERE = frozenset({"error", "exception", "failed", "task", "with", "from", "airflow"})


def near_misses(signs: Collection[str], others: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The lines of `others`, examples of other failures, that share most words with the signs.
    Which of them the signs catch all the same is for a check to say."""
    wanted = _words(" ".join(signs))
    rated: dict[str, float] = {}
    for example in others:
        for line in example.splitlines():
            words = _words(line[:_LONGEST])
            shared = len(wanted & words)
            if shared >= _SHARED and len(words) >= _FEWEST:
                rated[line.strip()[:_LONGEST]] = shared / len(wanted | words)
    best = sorted(rated, key=lambda line: (-rated[line], line))
    return tuple(best[:most])


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower())) - _EVERYWHERE
