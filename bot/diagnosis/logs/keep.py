"""Decides which raw lines of a stream are kept, in bounded memory.

Kept are the head, the tail, and for each template of an interesting line its first and last
occurrences with their neighbours. Lines that open or end something keep more neighbours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import re2

from bot.diagnosis.logs.lines import Block
from bot.diagnosis.logs.patterns import ENDING, OPENING
from bot.diagnosis.logs.scan import Engine, best_engine
from bot.diagnosis.logs.templates import TemplateKeys

HEAD_LINES = 150
TAIL_LINES = 400
HEAD_BYTES = 128 * 1024
TAIL_BYTES = 512 * 1024

_FIRSTS = 3
_LASTS = 2
_TEMPLATES_MAX = 3000

# Raw bytes held for first occurrences, by kind of line, then for last ones, then for the newest
# of more templates than can be told apart.
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
_REACHES = (_WORD, _OPENING, _ENDING)

# Hits wait until their last neighbour is there, so that no window ends at a block's end.
_WAITING = max(reach.after for reach in _REACHES)
_BEHIND = max(reach.before for reach in _REACHES)

_IS_OPENING = re2.compile(OPENING.encode(), re2.Options())
_IS_ENDING = re2.compile(ENDING.encode(), re2.Options())


class Window(NamedTuple):
    """Neighbouring raw lines; `number` is that of the first, from 1."""

    number: int
    lines: Sequence[bytes]

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(map(len, self.lines))


@dataclass(slots=True)
class Template:
    """Interesting lines that are equal but for numbers and ids."""

    first: int
    reach: Reach
    count: int = 0
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=_LASTS))
    firsts: list[Window] = field(default_factory=list)
    lasts: dict[int, Window] = field(default_factory=dict)  # by the number of the hit


class Keeper:
    """Takes blocks of lines in order; `kept` gives what was worth keeping."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or best_engine()
        self._keys = TemplateKeys()
        self._number = 1  # of the first line in `_lines`
        self._lines: list[bytes] = []
        self._waiting: list[int] = []  # numbers of hits
        self._templates: dict[bytes, Template] = {}
        self._late: deque[Window] = deque()
        self._late_size = self._first_size = self._last_size = 0
        self._head: list[bytes] = []
        self._head_size = 0
        self.lines_read = 0

    def add(self, block: Block) -> None:
        """The next lines of the stream."""
        first = self.lines_read + 1
        self.lines_read += len(block.lines)
        self._fill_head(block.lines)
        self._waiting += [first + index for index in self._engine(block)]
        self._lines += block.lines
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
            windows += template.lasts.values()
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
                yield template.first, template.recent[-1], template.count

    def _fill_head(self, lines: Sequence[bytes]) -> None:
        for line in lines:
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
        """Note the hits whose neighbours are all there."""
        ready = 0
        repeated: dict[int, Template] = {}
        for number in self._waiting:
            if number > upto:
                break
            ready += 1
            template = self._noted(number)
            if template is not None:
                repeated[id(template)] = template
        del self._waiting[:ready]
        for template in repeated.values():
            self._keep_lasts(template)

    def _noted(self, number: int) -> Template | None:
        """Counts a hit; gives its template where its last occurrences have to be kept anew."""
        line = self._lines[number - self._number]
        key = self._keys.of(line)
        template = self._templates.get(key)
        if template is None:
            reach = _reach(line)
            if len(self._templates) >= _TEMPLATES_MAX:
                self._keep_late(number, reach)
                return None
            template = self._templates[key] = Template(number, reach)
        template.count += 1
        template.recent.append(number)
        limit = _WORD_BYTES if template.reach is _WORD else _FIRST_BYTES
        if template.count > _FIRSTS or self._first_size >= limit:
            return template
        window = self._window(number, template.reach)
        template.firsts.append(window)
        self._first_size += window.size
        return None

    def _keep_lasts(self, template: Template) -> None:
        """Cut the windows of the newest occurrences while their neighbours are there."""
        self._last_size -= sum(window.size for window in template.lasts.values())
        reach = template.reach if self._last_size < _LAST_BYTES else _ALONE
        template.lasts = {
            number: template.lasts.get(number) or self._window(number, reach)
            for number in template.recent
            if number in template.lasts or number >= self._number
        }
        self._last_size += sum(window.size for window in template.lasts.values())

    def _keep_late(self, number: int, reach: Reach) -> None:
        window = self._window(number, reach)
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


def _reach(line: bytes) -> Reach:
    if _IS_OPENING.search(line) is not None:
        return _OPENING
    return _ENDING if _IS_ENDING.search(line) is not None else _WORD
