"""Finding Dag and task ids by what people call them: other case, typos, parts of the name.

The index holds the trigrams of tens of thousands of ids; a look-up ranks by shared trigrams first
and compares only the best few hundred letter by letter, so it stays within milliseconds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

_SHORTLIST = 200
_TYPO_MIN = 80.0  # rapidfuzz ratio, 0..100: one wrong letter in five
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATOR = re.compile(r"[\W_]+")
# A trigram that stands in more than this share of the ids tells them not apart.
_COMMON_SHARE = 0.25


class Fit(IntEnum):
    """How well a name fits an id, best last."""

    TYPO = 1
    PART = 2  # the words said are some of the id's words, or the beginning of one
    PREFIX = 3  # the id begins with the words said
    SAME_WORDS = 4  # equal but for case and separators
    EXACT = 5


@dataclass(frozen=True, slots=True)
class Match:
    """An id that fits, with a score (0..100) that orders matches of the same fit."""

    id: str
    fit: Fit
    score: float


class NameIndex:
    """An immutable index over the ids of one cluster."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = tuple(dict.fromkeys(ids))
        self._plain = tuple(plain(name) for name in self._ids)
        self._exact = {name: row for row, name in enumerate(self._ids)}
        self._same: dict[str, list[int]] = defaultdict(list)
        postings: dict[str, list[int]] = defaultdict(list)
        for row, words in enumerate(self._plain):
            self._same[words].append(row)
            for gram in _trigrams(words):
                postings[gram].append(row)
        self._postings: dict[str, NDArray[np.int32]] = {
            gram: np.array(rows, dtype=np.int32) for gram, rows in postings.items()
        }

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, name: str, limit: int = 8) -> tuple[Match, ...]:
        """The ids that fit `name`, best first; only those of the best fits, not every typo."""
        if name in self._exact:
            return (Match(name, Fit.EXACT, 100.0),)
        words = plain(name)
        if not words:
            return ()
        same = tuple(Match(self._ids[r], Fit.SAME_WORDS, 100.0) for r in self._same.get(words, ()))
        if same:
            return same[:limit]
        judged = (self._judge(words, row) for row in self._shortlist(words))
        matches = sorted(
            (match for match in judged if match is not None),
            key=lambda match: (-match.fit, -match.score, match.id),
        )
        return tuple(matches[:limit])

    def _shortlist(self, words: str) -> Sequence[int]:
        grams = [gram for gram in _trigrams(words) if gram in self._postings]
        common = _COMMON_SHARE * len(self._ids)
        telling = [gram for gram in grams if len(self._postings[gram]) <= common] or grams
        if not telling:
            return ()
        hits = np.bincount(
            np.concatenate([self._postings[gram] for gram in telling]), minlength=len(self._ids)
        )
        count = min(_SHORTLIST, int(np.count_nonzero(hits)))
        best = np.argpartition(hits, -count)[-count:]
        return [int(row) for row in best]

    def _judge(self, words: str, row: int) -> Match | None:
        known, name = self._plain[row], self._ids[row]
        score = fuzz.ratio(words, known)
        if known.startswith(words):
            return Match(name, Fit.PREFIX, score)
        if _is_part(words.split(), known.split()):
            return Match(name, Fit.PART, score)
        if score < _TYPO_MIN and _is_part_misspelt(words.split(), known.split()):
            score = _TYPO_MIN
        return Match(name, Fit.TYPO, score) if score >= _TYPO_MIN else None


def plain(name: str) -> str:
    """Lower-case words of an id: `Load-Orders_v2` and `loadOrders v2` become `load orders v2`."""
    return _SEPARATOR.sub(" ", _CAMEL.sub(" ", name)).strip().lower()


def _trigrams(words: str) -> set[str]:
    padded = f" {words} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def _is_part(said: Sequence[str], known: Sequence[str]) -> bool:
    """Every word said begins a word of the id; single letters prove nothing."""
    return any(len(word) > 2 for word in said) and all(
        any(word.startswith(part) for word in known) for part in said
    )


def _is_part_misspelt(said: Sequence[str], known: Sequence[str]) -> bool:
    """Every word said is nearly a word of the id, and is long enough for "nearly" to mean much."""
    return all(
        len(part) > 3 and any(fuzz.ratio(part, word) >= _TYPO_MIN for word in known)
        for part in said
    )
