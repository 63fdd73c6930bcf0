"""Chooses the rows of a log that a diagnosis may quote, within a budget of tokens.

First what decides, greedily by weight; then neighbours of the best pieces, then the tail, until
the budget is spent. A line is cut only after it was redacted, which `Pack.texts` leaves to the
caller: rows come out whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from bot.diagnosis.logs import score, shapes
from bot.diagnosis.logs.chains import Chain
from bot.diagnosis.logs.clock import Silence
from bot.diagnosis.logs.raised import Raised
from bot.diagnosis.logs.rows import Row
from bot.domain.logs import Speaker

# Airflow logs hold about 2.6 characters a token; a quarter of a text is too low a guess.
CHARACTERS_A_TOKEN = 2.6

_LONG = 500
_LINE = 280
_CONTEXT = 200
_FRAMES = 6
_SILENCE_MIN = 60.0
_CHILD_TAIL = 6
_CHILD_REACH = 400
_BEST_PIECES = 12
_CONTEXT_REACH = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows that stand or fall together, the most telling last; each with its longest length."""

    weight: float
    rows: tuple[tuple[int, int], ...]


def select(
    rows: Sequence[Row], chains: Sequence[Chain], silence: Silence | None, budget: int
) -> dict[int, int]:
    """Indexes of the chosen rows with the length that each may have."""
    pieces = sorted(_pieces(rows, chains, silence), key=lambda piece: -piece.weight)
    chosen = _Chosen(rows, budget)
    for piece in pieces:
        chosen.take(piece.rows) or chosen.take(piece.rows[-2:]) or chosen.take(piece.rows[-1:])
    anchors = [piece.rows[-1][0] for piece in pieces[:_BEST_PIECES] if piece.rows]
    chosen.fill(anchors)
    return chosen.lengths


def clip(text: str, longest: int) -> str:
    """Both ends of a text: what was done at its start, what went wrong at its end."""
    text = text.strip() if len(text) > longest else text.rstrip()
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
        self.lengths: dict[int, int] = {}

    def take(self, wanted: Iterable[tuple[int, int]]) -> bool:
        """All of them or none; True where they are in now."""
        new = {index: longest for index, longest in wanted if index not in self.lengths}
        cost = sum(self._cost(index, longest) for index, longest in new.items())
        if cost > self._left:
            return False
        self._left -= cost
        self.lengths |= new
        return True

    def fill(self, anchors: Sequence[int]) -> None:
        """Spend the rest on neighbours of the best pieces and on the tail."""
        for index in self._neighbours(anchors):
            if self._left < 8:
                return
            is_new = 0 <= index < len(self._rows) and index not in self.lengths
            if is_new and not score.is_idle(self._rows[index]):
                self.take([(index, _CONTEXT)])

    def _neighbours(self, anchors: Sequence[int]) -> Iterator[int]:
        for distance in range(1, _CONTEXT_REACH + 1):
            for anchor in anchors:
                yield from (anchor - distance, anchor + distance)
        yield from range(len(self._rows) - 1, -1, -1)

    def _cost(self, index: int, longest: int) -> int:
        row = self._rows[index]
        return tokens(row.number, clip(row.text, longest))


def _pieces(
    rows: Sequence[Row], chains: Sequence[Chain], silence: Silence | None
) -> Iterator[Piece]:
    within = {
        index
        for chain in chains
        for raised in chain.raised
        if not raised.is_bare
        for index in range(raised.start, raised.end + 1)
    }
    for chain in chains:
        yield from _chain_pieces(rows, chain)
    yield from _line_pieces(rows, within, _failed_at(rows))
    yield from _child_tail(rows, within)
    yield from _kill_pieces(rows, silence)
    started = next((i for i, row in enumerate(rows) if "Executing <Task" in row.text), None)
    if started is not None:
        yield Piece(35, ((started, _CONTEXT),))


def _failed_at(rows: Sequence[Row]) -> int:
    for index, row in enumerate(rows):
        if row.head.speaker is Speaker.AIRFLOW and "Marking task as" in row.text:
            return index
    return len(rows)


def _chain_pieces(rows: Sequence[Row], chain: Chain) -> Iterator[Piece]:
    root, surfaced = chain.cause, chain.raised[0]
    place = root.end / max(1, len(rows))
    has_user_frame = any(frame.is_user for raised in chain.raised for frame, _ in raised.frames)
    weight = 60 + 25 * place + 10 * has_user_frame - 25 * chain.is_wrapper
    if chain.after_failure:
        weight -= 35
    if chain.handled:
        weight -= 20
    if score.is_decoy(root.type + root.message):
        weight -= 20
    yield Piece(weight, tuple(_folded(root, chain)))
    for raised in chain.raised:
        if raised is not root:
            drop = 12 if raised is surfaced else 20
            yield Piece(weight - drop, ((raised.at, _LONG),))


def _folded(root: Raised, chain: Chain) -> Iterator[tuple[int, int]]:
    """User frames, the last frame, and the message; library frames stay out."""
    user = [index for frame, index in root.frames if frame.is_user][-_FRAMES:]
    if not user:
        user = [
            index for raised in chain.raised for frame, index in raised.frames if frame.is_user
        ][-2:]
    last = [index for _, index in root.frames[-1:]]
    for index in dict.fromkeys([*user, *last]):
        yield index, _LINE
        if index + 1 < root.at:
            yield index + 1, _CONTEXT
    for index in range(min(root.end, root.at + 6), root.at, -1):
        yield index, _LINE
    yield root.at, _LONG


def _line_pieces(rows: Sequence[Row], within: set[int], failed_at: int) -> Iterator[Piece]:
    for scored in score.score_rows(rows):
        if scored.index in within:
            continue
        weight = 20 + scored.score * 5
        if scored.index > failed_at:
            weight -= 20
        if scored.index != scored.first:
            weight -= 25
        weight -= max(0, len(rows[scored.index].text) - 300) / 60
        yield Piece(weight, ((scored.index, _LINE),))


def _child_tail(rows: Sequence[Row], within: set[int]) -> Iterator[Piece]:
    """The last words before a wrapper's error: often the answer, without a word of failure."""
    wrapper = next(
        (
            index
            for index in range(len(rows) - 1, -1, -1)
            if (
                rows[index].head.rank >= 3
                or shapes.exception_type(rows[index].text, is_loose=False)
            )
            and shapes.is_wrapper("", rows[index].text)
        ),
        None,
    )
    if wrapper is None:
        return
    tail = [
        index
        for index in range(max(0, wrapper - _CHILD_REACH), wrapper)
        if rows[index].relayed
        and index not in within
        and not score.is_idle(rows[index])
        and not score.is_decoy(rows[index].text)
    ]
    for rank, index in enumerate(reversed(tail[-_CHILD_TAIL:])):
        yield Piece(42 - rank * 3, ((index, _LINE),))


def _kill_pieces(rows: Sequence[Row], silence: Silence | None) -> Iterator[Piece]:
    killed = [
        index
        for index, row in enumerate(rows)
        if row.head.speaker is not Speaker.STDOUT and score.KILL.search(row.text) is not None
    ]
    for index in killed[:1] + killed[1:][-1:]:
        yield Piece(66, ((index, 300),))
    if killed and silence is not None and silence.seconds >= _SILENCE_MIN:
        after = next((i for i, row in enumerate(rows) if row.number >= silence.number), None)
        if after:
            yield Piece(58, ((after - 1, _CONTEXT), (after, _CONTEXT)))
