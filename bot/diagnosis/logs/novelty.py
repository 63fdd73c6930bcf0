"""Tells which lines of a log are of a kind that the log of a successful run does not have.

Two lines are of one kind where they differ in nothing but numbers, ids, times, paths and what
stands in quotes. A kind is kept as a number, so that a log of any length takes bounded memory.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.diagnosis.logs import shapes
from bot.diagnosis.logs.envelope import Envelope
from bot.diagnosis.logs.lines import LineSplitter
from bot.diagnosis.logs.parse import Parser
from bot.diagnosis.logs.rows import Row
from bot.diagnosis.logs.templates import without_digits
from bot.diagnosis.message_shape import shape_of
from bot.domain.logs import Speaker

KINDS_MAX = 20_000
"""More kinds than a log that repeats itself ever has: of one that does not, nothing can be said."""

_LINES_MAX = 20_000  # that are known by their letters, so that they need not be read again
_NEW_MAX = 400  # kinds of one log that are kept for being new alone
_SHORTEST = 4
_COMMON_LEAST = 3  # kinds that two logs of one task share, and the share that they make up
_COMMON_SHARE = 0.2


class LineKinds:
    """The kinds of lines of one log. Feed bytes as they were served, then finish once."""

    def __init__(self) -> None:
        self._envelope = Envelope()
        self._splitter = LineSplitter()
        self._parser = Parser()
        self._lines: set[int] = set()
        self._kinds: set[int] = set()
        self._number = 0

    def __contains__(self, kind: object) -> bool:
        return kind in self._kinds

    def __len__(self) -> int:
        return len(self._kinds)

    @property
    def is_whole(self) -> bool:
        """Whether every kind is there; where not, a line that is not among them proves nothing."""
        return len(self._kinds) < KINDS_MAX

    def feed(self, chunk: bytes) -> None:
        self._take(self._envelope.feed(chunk))

    def finish(self) -> None:
        self._take(self._envelope.finish())
        for block in self._splitter.finish():
            self._add(block)

    def _take(self, content: bytes) -> None:
        for block in self._splitter.feed(content):
            self._add(block)

    def _add(self, block: bytes) -> None:
        for line in block.split(b"\n"):
            self._number += 1
            key = hash(without_digits(line))
            if key in self._lines or not self.is_whole:
                continue
            if len(self._lines) >= _LINES_MAX:
                self._lines.clear()
            self._lines.add(key)
            self._kinds.update(map(kind_of, _telling(self._parser, self._number, line)))


class News:
    """Takes the blocks of a failed try's log in order, and finds what is new in them."""

    def __init__(self, known: LineKinds) -> None:
        self._known = known
        self._parser = Parser()
        self._is_new: dict[int, bool] = {}  # by the line without its digits
        self._numbers: set[int] = set()
        self._new = self._common = 0

    @property
    def is_told(self) -> bool:
        """Whether the two logs have enough in common for what differs to mean something."""
        common = self._common
        return common >= _COMMON_LEAST and common >= _COMMON_SHARE * (common + self._new)

    def add(self, block: bytes, number: int) -> list[int]:
        """Where lines begin that are new; the first line of the block has this number."""
        found, start = [], 0
        for at, line in enumerate(block.split(b"\n"), number):
            if line and self._is_new_line(at, line):
                found.append(start)
                self._numbers.add(at)
            start += len(line) + 1
        return found

    def has(self, row: Row) -> bool:
        """Whether the row is new by its own words, not by what else its record says."""
        return (
            self.is_told
            and row.number in self._numbers
            and _tells(row)
            and kind_of(row) not in self._known
        )

    def _is_new_line(self, number: int, line: bytes) -> bool:
        key = hash(without_digits(line))
        is_new = self._is_new.get(key)
        if is_new is None:
            kinds = [kind_of(row) for row in _telling(self._parser, number, line)]
            is_new = any(kind not in self._known for kind in kinds)
            self._new += is_new
            self._common += bool(kinds) and not is_new
            if len(self._is_new) < _LINES_MAX:
                self._is_new[key] = is_new
        return is_new and self._new <= _NEW_MAX


def kind_of(row: Row) -> int:
    return hash(shape_of(shapes.bare(row.text), names=False))


def _telling(parser: Parser, number: int, line: bytes) -> Iterator[Row]:
    return (row for row in parser.rows(number, line) if _tells(row))


def _tells(row: Row) -> bool:
    """Not a remark of the log handler, nor a frame: these name places, which differ."""
    text = row.text
    return (
        len(text.strip()) >= _SHORTEST
        and row.head.speaker is not Speaker.SOURCE
        and not shapes.FRAME.match(shapes.bare(text))
        and not shapes.JAVA_FRAME.match(text)
    )
