"""Chooses the rows of a log that a diagnosis may quote, within a budget of tokens.

First what decides, greedily by weight; then neighbours of the best pieces, then everything else
from the end backwards, until the budget is spent. Rows come out whole, with the length that each
may have: they are cut only after they were redacted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import ceil

from bot.diagnosis.logs import score
from bot.diagnosis.logs.chains import Chain
from bot.diagnosis.logs.clock import Silence
from bot.diagnosis.logs.pieces import CONTEXT, find_pieces
from bot.diagnosis.logs.rows import Row
from bot.diagnosis.logs.templates import template_of

# Airflow logs hold about 2.6 characters a token; four, the usual guess, is a third too few.
CHARACTERS_A_TOKEN = 2.6

_BEST_PIECES = 12
_NEIGHBOURS = 8
_LEAST = 8  # tokens; less holds no line


def select(
    rows: Sequence[Row], chains: Sequence[Chain], silence: Silence | None, budget: int
) -> dict[int, int]:
    """Indexes of the chosen rows with the length that each may have."""
    pieces = find_pieces(rows, chains, silence)
    chosen = _Chosen(rows, budget)
    for piece in pieces:
        # Without room for all of it, the message alone tells more than its frames.
        for wanted in (piece.rows, piece.rows[-2:], piece.rows[-1:]):
            if chosen.take(wanted):
                break
    chosen.fill([piece.rows[-1][0] for piece in pieces[:_BEST_PIECES]])
    return chosen.lengths


def clip(text: str, longest: int) -> str:
    """Both ends of a text: what was done at its start, what went wrong at its end."""
    text = text.rstrip() if len(text) <= longest else text.strip()
    if len(text) <= longest:
        return text
    return f"{text[: longest * 2 // 3]} … {text[-longest // 3 :]}"


def tokens(number: int, text: str) -> int:
    """What a line with its number is estimated to cost."""
    return ceil((len(text) + len(str(number)) + 4) / CHARACTERS_A_TOKEN)


class _Chosen:
    def __init__(self, rows: Sequence[Row], budget: int) -> None:
        self._rows = rows
        self._left = budget
        self._seen: Counter[str] = Counter()
        self.lengths: dict[int, int] = {}

    def take(self, wanted: Iterable[tuple[int, int]]) -> bool:
        """All of them or none; True where they are in now."""
        new = {index: longest for index, longest in wanted if index not in self.lengths}
        cost = sum(self._cost(index, longest) for index, longest in new.items())
        if cost > self._left:
            return False
        self._left -= cost
        self.lengths |= new
        self._seen.update(template_of(self._rows[index].text) for index in new)
        return True

    def fill(self, anchors: Sequence[int]) -> None:
        """Spend the rest: what tells something first, each kind of line once; routine last."""
        for order in (self._around(anchors), range(len(self._rows) - 1, -1, -1)):
            for index in order:
                if self._left < _LEAST:
                    return
                if not score.is_idle(self._rows[index]):
                    self._take_new(index)
        for index in range(len(self._rows) - 1, -1, -1):
            if self._left >= _LEAST and self._rows[index].text.strip():
                self._take_new(index)

    def _take_new(self, index: int) -> None:
        if not self._seen[template_of(self._rows[index].text)]:
            self.take([(index, CONTEXT)])

    def _around(self, anchors: Sequence[int]) -> Iterator[int]:
        for distance in range(1, _NEIGHBOURS + 1):
            for anchor in anchors:
                for index in (anchor - distance, anchor + distance):
                    if 0 <= index < len(self._rows):
                        yield index

    def _cost(self, index: int, longest: int) -> int:
        row = self._rows[index]
        return tokens(row.number, clip(row.text, longest))
