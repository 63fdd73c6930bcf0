"""Decides which raw lines of a stream are kept, in bounded memory.

Kept are the head, the tail, and for each template of an interesting line its first and last
occurrences with their neighbours. Lines that open or end something keep more neighbours.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import re2

from bot.diagnosis.logs.patterns import ENDING, OPENING
from bot.diagnosis.logs.scan import Engine, best_engine

HEAD_LINES = 150
TAIL_LINES = 400
HEAD_BYTES = 128 * 1024
TAIL_BYTES = 512 * 1024

_FIRSTS = 3
_LASTS = 2
_TEMPLATES_MAX = 3000

# Raw bytes held for first occurrences, by kind of line, then for last ones.
_WORD_BYTES = 1_200_000
_FIRST_BYTES = 2_400_000
_LAST_BYTES = 1_200_000
_LATE_BYTES = 400_000
_WINDOW_BYTES = 150_000


class Reach(NamedTuple):
    """Lines kept before and after an interesting one."""

    before: int
    after: int


_WORD = Reach(6, 10)
_OPENING = Reach(10, 120)
_ENDING = Reach(60, 40)
_ALONE = Reach(0, 0)

# Lines of one block that wait for the next, so that no window ends at a block's end.
_WAITING = max(reach.after for reach in (_WORD, _OPENING, _ENDING))
_BEHIND = max(reach.before for reach in (_WORD, _OPENING, _ENDING))

_IS_OPENING = re2.compile(OPENING.encode(), re2.Options())
_IS_ENDING = re2.compile(ENDING.encode(), re2.Options())
_VARIABLE = re.compile(rb"0x[0-9a-fA-F]+|[0-9a-f]{7,}\b|\d+")
_KEY_BYTES = 140


class Window(NamedTuple):
    """Neighbouring raw lines; `number` is that of the first, from 1."""

    number: int
    lines: Sequence[bytes]

    @property
    def size(self) -> int:
        return sum(map(len, self.lines))


@dataclass(slots=True)
class Template:
    """Interesting lines that are equal but for numbers and ids."""

    first: int
    last: int
    count: int = 0
    firsts: list[Window] = field(default_factory=list)
    lasts: deque[Window] = field(default_factory=lambda: deque(maxlen=_LASTS))


class Keeper:
    """Takes blocks of lines in order; `kept` gives what was worth keeping."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or best_engine()
        self._number = 1  # of the first line in `_lines`
        self._lines: list[bytes] = []
        self._waiting: list[int] = []  # numbers of hits whose neighbours are not all there yet
        self._templates: dict[bytes, Template] = {}
        self._late: deque[Window] = deque()
        self._late_size = 0
        self._first_size = 0
        self._last_size = 0
        self._head: list[bytes] = []
        self._head_size = 0
        self.lines_read = 0

    def add(self, block: Sequence[bytes]) -> None:
        """The next lines of the stream."""
        first = self.lines_read + 1
        self.lines_read += len(block)
        self._fill_head(block)
        self._waiting += [first + index for index in self._engine(block)]
        self._lines += block
        self._settle(self.lines_read - _WAITING)
        self._forget()

    def finish(self) -> None:
        """No more lines will come."""
        self._settle(self.lines_read)

    def kept(self) -> dict[int, bytes]:
        """All kept lines by number, ascending."""
        windows = [Window(1, self._head), self._tail(), *self._late]
        for template in self._templates.values():
            windows += template.firsts
            windows += template.lasts
        found = {
            window.number + offset: line
            for window in windows
            for offset, line in enumerate(window.lines)
        }
        return dict(sorted(found.items()))

    def repeats(self) -> Iterator[tuple[int, int, int]]:
        """(first, last, count) line numbers of interesting lines that occur more than once."""
        for template in self._templates.values():
            if template.count > 1:
                yield template.first, template.last, template.count

    def _fill_head(self, block: Sequence[bytes]) -> None:
        for line in block:
            if len(self._head) >= HEAD_LINES or self._head_size > HEAD_BYTES:
                return
            self._head.append(line)
            self._head_size += len(line)

    def _tail(self) -> Window:
        size = 0
        start = len(self._lines)
        oldest = max(0, len(self._lines) - TAIL_LINES)
        while start > oldest and size + len(self._lines[start - 1]) <= TAIL_BYTES:
            start -= 1
            size += len(self._lines[start])
        return Window(self._number + start, self._lines[start:])

    def _settle(self, upto: int) -> None:
        ready = 0
        for number in self._waiting:
            if number > upto:
                break
            ready += 1
            self._note(number)
        del self._waiting[:ready]

    def _note(self, number: int) -> None:
        line = self._lines[number - self._number]
        key = template_key(line)
        template = self._templates.get(key)
        if template is None:
            if len(self._templates) >= _TEMPLATES_MAX:
                self._note_late(number, line)
                return
            template = self._templates[key] = Template(number, number)
        template.count += 1
        template.last = number
        if template.count <= _FIRSTS and self._has_room(line):
            window = self._window(number, _reach(line))
            template.firsts.append(window)
            self._first_size += window.size
            return
        if len(template.lasts) == _LASTS:
            self._last_size -= template.lasts[0].size
        reach = _reach(line) if self._last_size < _LAST_BYTES else _ALONE
        window = self._window(number, reach)
        template.lasts.append(window)
        self._last_size += window.size

    def _has_room(self, line: bytes) -> bool:
        limit = _WORD_BYTES if _reach(line) is _WORD else _FIRST_BYTES
        return self._first_size < limit

    def _note_late(self, number: int, line: bytes) -> None:
        """More kinds of interesting lines than can be told apart: the newest are kept."""
        window = self._window(number, _reach(line))
        self._late.append(window)
        self._late_size += window.size
        while self._late_size > _LATE_BYTES and len(self._late) > 1:
            self._late_size -= self._late.popleft().size

    def _window(self, number: int, reach: Reach) -> Window:
        at = number - self._number
        start, end = max(0, at - reach.before), min(len(self._lines), at + reach.after + 1)
        window = Window(self._number + start, self._lines[start:end])
        if window.size <= _WINDOW_BYTES:
            return window
        return Window(number, self._lines[at : at + 1])

    def _forget(self) -> None:
        """Drop lines that no window can reach any more."""
        spare = len(self._lines) - max(_WAITING + _BEHIND, TAIL_LINES)
        if spare > 0:
            del self._lines[:spare]
            self._number += spare


def template_key(line: bytes) -> bytes:
    """The line without its prefix, its numbers and its ids; equal for lines of one kind."""
    if line.startswith(b"{"):
        start = line.find(b'"event":') + 8
        return _VARIABLE.sub(b"#", line[max(start, 0) : max(start, 0) + 240])[:_KEY_BYTES]
    dash = line.find(b" - ", 0, 120)
    start = dash + 3 if dash > 0 and line.startswith(b"[") else 0
    return _VARIABLE.sub(b"#", line[start : start + 240])[:_KEY_BYTES]


def _reach(line: bytes) -> Reach:
    if _IS_OPENING.search(line) is not None:
        return _OPENING
    if _IS_ENDING.search(line) is not None:
        return _ENDING
    return _WORD
