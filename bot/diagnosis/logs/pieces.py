"""What a diagnosis may want to quote, weighed: exceptions, telling lines, last words, silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log2

import re2

from bot.diagnosis.logs import score, shapes
from bot.diagnosis.logs.chains import Chain
from bot.diagnosis.logs.clock import Silence
from bot.diagnosis.logs.raised import Raised
from bot.diagnosis.logs.rows import Row
from bot.domain.logs import Speaker

# Characters that a line may keep, by what it is.
DECIDING = 500
LINE = 280
CONTEXT = 200

_FRAMES_MAX = 6
_MESSAGE_ROWS = 6
_SILENCE_MIN = 60.0
_LAST_WORDS = 6
_LAST_WORDS_REACH = 400
_LAST_SAID = 72.0  # by a child, before its exit was reported: this above all
_HEAD_REACH = 6

# What stands near to the failure explains it more often than what was said long before. The
# weight of that, and the lines at which half of it is left.
_CHAIN_NEARNESS = 55.0
_NEARNESS = 45.0
_NEAR = 40.0
_ERROR = 3
_AGAIN, _AGAIN_MOST = 5.0, 5  # what was raised again was lived with
_NEW = 12.0  # for an exception that a successful run does not log
_TOLD_TIMES = 3

_FAILED = re.compile(r"(?i:Marking task as)|Task failed with exception|Failed to execute job")
_MARKING = re.compile(r"(?i)Marking task as")
# How much of the machine was used, last before a kill.
_FIGURES = 2
_RESOURCE = re2.compile(
    r"(?i)\b(?:memory|mem|rss|heap|swap|disk|cpu|load)\b.{0,40}?\d(?:[.,]\d+)? ?(?:%|[kmgt]i?b\b)"
)

_BEGINNING = re.compile(r"Executing <Task|Starting attempt \d")
_ENDING = re.compile(
    r"Marking task as|Task exited|Task failed with exception|Process exited abnormally"
    r"|Task finished|Pausing task as DEFERRED|Skipping task"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows that stand or fall together, as (index, longest length); the most telling last."""

    weight: float
    rows: tuple[tuple[int, int], ...]


def find_pieces(
    rows: Sequence[Row], chains: Sequence[Chain], silence: Silence | None
) -> list[Piece]:
    """The heaviest first."""
    where = _Where(rows)
    within = {
        index
        for chain in chains
        for raised in chain.raised
        if not raised.is_bare
        for index in range(raised.start, raised.end + 1)
    }
    pieces = [
        piece
        for chain, later in _with_later(chains)
        for piece in _of_chain(rows, chain, where, later)
    ]
    pieces += _of_lines(rows, within, where)
    pieces += _last_words(rows, within)
    pieces += _of_kill(rows, silence)
    pieces += _of_course(rows)
    return sorted(pieces, key=lambda piece: -piece.weight)


class _Where:
    """Where the failure stood, and how near to it a row is."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        mine = [(i, row) for i, row in enumerate(rows) if _is_airflow(row)]
        failed = [i for i, row in mine if _FAILED.search(row.text)]
        failed = failed or [i for i, row in mine if row.head.rank >= _ERROR]
        self.failed_at = failed[0] if failed else len(rows) - 1
        self.marked_at = next((i for i, row in mine if _MARKING.search(row.text)), len(rows))

    def nearness(self, index: int) -> float:
        """1 at the failure and after it, a half at some dozens of lines before it."""
        lines = self._rows[self.failed_at].number - self._rows[index].number
        return 1 / (1 + max(0, lines) / _NEAR)


def _rarity(count: int) -> float:
    """What is said again and again is mostly lived with; a failure is told a few times too."""
    return 1 / (1 + max(0.0, log2(count / _TOLD_TIMES)))


def _with_later(chains: Sequence[Chain]) -> Iterator[tuple[Chain, int]]:
    """Each chain with how many of the same type come after it, the last first."""
    seen: Counter[str] = Counter()
    for chain in reversed(chains):
        yield chain, seen[chain.cause.type]
        seen[chain.cause.type] += not chain.after_failure


def _of_chain(rows: Sequence[Row], chain: Chain, where: _Where, later: int) -> Iterator[Piece]:
    root, surfaced = chain.cause, chain.raised[0]
    has_user_frame = any(frame.is_user for raised in chain.raised for frame, _ in raised.frames)
    weight = 30.0 + 10 * has_user_frame - 25 * chain.is_wrapper - 25 * chain.handled
    if chain.after_failure:
        weight -= 10
    else:
        weight += _CHAIN_NEARNESS * where.nearness(root.end) * _rarity(chain.count)
    if score.is_decoy(root.type + root.message):
        weight -= 20
    weight -= _AGAIN * min(later, _AGAIN_MOST)
    if rows[root.at].is_new:
        weight += _NEW
    yield Piece(weight, tuple(_folded(root, chain)))
    for raised in chain.raised:
        if raised is not root:
            yield Piece(weight - (12 if raised is surfaced else 20), ((raised.at, DECIDING),))
    opening = _opening(rows, chain.start)
    if opening is not None:
        yield Piece(weight - 10, ((opening, LINE),))


def _folded(root: Raised, chain: Chain) -> Iterator[tuple[int, int]]:
    """The frames of user code, the last frame, and the message; library frames stay out."""
    user = [index for frame, index in root.frames if frame.is_user][-_FRAMES_MAX:]
    if not user:
        frames = (place for raised in chain.raised for place in raised.frames)
        user = [index for frame, index in frames if frame.is_user][-2:]
    last = [index for _, index in root.frames[-1:]]
    for index in dict.fromkeys([*user, *last]):
        yield index, LINE
        if index + 1 < root.at:
            yield index + 1, CONTEXT
    for index in range(min(root.end, root.at + _MESSAGE_ROWS), root.at, -1):
        yield index, LINE
    yield root.at, DECIDING


def _opening(rows: Sequence[Row], start: int) -> int | None:
    """The first row of the record that a traceback stands in: what was being done."""
    for index in range(start - 1, max(-1, start - _HEAD_REACH), -1):
        if rows[index].head is not rows[start].head:
            return None
        if rows[index].number == rows[index].head.number and rows[index].text.strip():
            return index
    return None


def _of_lines(rows: Sequence[Row], within: set[int], where: _Where) -> Iterator[Piece]:
    for scored in score.score_rows(rows, where.failed_at):
        if scored.index in within:
            continue
        near = _NEARNESS * where.nearness(scored.index) * _rarity(scored.count)
        weight = scored.score * 5 + near - max(0, len(rows[scored.index].text) - 300) / 60
        weight -= 20 * (scored.index > where.marked_at)
        yield Piece(weight, ((scored.index, LINE),))


def _last_words(rows: Sequence[Row], within: set[int]) -> Iterator[Piece]:
    """What a child said before a wrapper's error: often the answer, without a word of failure."""
    wrapper = next((i for i in range(len(rows) - 1, -1, -1) if _is_wrapper(rows[i])), 0)
    words = [
        index
        for index in range(max(0, wrapper - _LAST_WORDS_REACH), wrapper)
        if rows[index].relayed
        and index not in within
        and not score.is_idle(rows[index])
        and not score.is_decoy(rows[index].text)
    ]
    for rank, index in enumerate(reversed(words[-_LAST_WORDS:])):
        yield Piece(_LAST_SAID if rank == 0 else 42 - rank * 3, ((index, LINE),))


def _is_wrapper(row: Row) -> bool:
    is_error = row.head.rank >= 3 or shapes.told_type(row.text) is not None
    return is_error and shapes.is_wrapper("", row.text)


def _of_kill(rows: Sequence[Row], silence: Silence | None) -> Iterator[Piece]:
    """Who ended the task from outside, what it used, and how long it had been silent then."""
    killed = [
        index
        for index, row in enumerate(rows)
        if row.head.speaker not in (Speaker.STDOUT, Speaker.STDERR) and score.tells_kill(row.text)
    ]
    for index in dict.fromkeys(killed[:1] + killed[-1:]):
        yield Piece(66, ((index, LINE),))
    before = killed[-1] if killed else 0
    figures = (i for i in range(before - 1, -1, -1) if _RESOURCE.search(rows[i].text))
    for index in islice(figures, _FIGURES):
        yield Piece(56, ((index, LINE),))
    if killed and silence is not None and silence.seconds >= _SILENCE_MIN:
        after = next((i for i, row in enumerate(rows) if row.number >= silence.number), 0)
        if after:
            yield Piece(58, ((after - 1, CONTEXT), (after, CONTEXT)))


def _of_course(rows: Sequence[Row]) -> Iterator[Piece]:
    """What ran and how it ended, in Airflow's own words."""
    mine = [(index, row) for index, row in enumerate(rows) if _is_airflow(row)]
    begun = [index for index, row in mine if _BEGINNING.search(row.text)]
    ended = [index for index, row in mine if _ENDING.match(row.text)]
    for index in begun[:2]:
        yield Piece(35, ((index, CONTEXT),))
    for index in dict.fromkeys(ended[:2] + ended[-2:]):
        yield Piece(33, ((index, CONTEXT),))


def _is_airflow(row: Row) -> bool:
    return row.head.speaker is Speaker.AIRFLOW
