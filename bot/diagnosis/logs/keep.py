"""Decides which raw lines of a stream are kept, in bounded memory.

Kept are the head, the tail, and for each template of an interesting line its first and last
occurrences with their neighbours. Lines that open or end something keep more neighbours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import re2

from bot.diagnosis.logs.patterns import ENDING, OPENING
from bot.diagnosis.logs.scan import Engine, best_engine
from bot.diagnosis.logs.templates import key_of, shape_of
from bot.diagnosis.logs.windows import Hit, Part, Reach, Window, cut, tail

HEAD_LINES = 150
TAIL_LINES = 400
HEAD_BYTES = 128 * 1024
TAIL_BYTES = 512 * 1024

_FIRSTS = 3
_LASTS = 2
_TEMPLATES_MAX = 3000
_SHAPES_MAX = 20_000

# Raw bytes held for first occurrences, by kind of line, then for last ones, then for the newest
# of more templates than can be told apart.
_WORD_BYTES = 1_200_000
_FIRST_BYTES = 2_400_000
_LAST_BYTES = 1_200_000
_LATE_BYTES = 400_000
_LATE_MAX = 200  # hits
_WINDOW_BYTES = 150_000

# Blocks that a block waits for: a kind of line that hits again in them needs no window before,
# and blocks so long ago still hold a last hit but one.
_LAG = 8


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


@dataclass(slots=True)
class Template:
    """Interesting lines that are equal but for numbers and ids."""

    first: int
    reach: Reach
    count: int = 0
    last: Hit = (0, 0)
    last_but_one: Hit = (0, 0)
    part: _Part | None = None  # where it hit last
    firsts: dict[int, Window] = field(default_factory=dict)  # by the number of the hit
    lasts: dict[int, Window] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Part(Part):
    """A block and what hit in it."""

    firsts: list[tuple[Hit, Template]] = field(default_factory=list)
    late: deque[tuple[Hit, Reach]] = field(default_factory=lambda: deque(maxlen=_LATE_MAX))
    hit: list[Template] = field(default_factory=list)


class Keeper:
    """Takes blocks of lines in order; `kept` gives what was worth keeping.

    A block is held until the neighbours of its hits are there; then windows are cut for the
    first hits of a kind, and for the last ones if no later block has newer ones.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or best_engine()
        self._by_shape: dict[bytes, Template] = {}
        self._parts: deque[_Part] = deque()
        self._closed = 0  # parts whose windows are cut
        self._templates: dict[bytes, Template] = {}
        self._late: deque[Window] = deque()
        self._late_size = self._first_size = self._last_size = 0
        self._head: list[bytes] = []
        self._head_size = 0
        self._held = 0  # bytes of all parts
        self.lines_read = 0

    def add(self, text: bytes, new: Sequence[int] = ()) -> None:
        """The next lines of the stream, without the last one's end.

        `new` are ascending places where lines begin that are interesting beside what is found.
        """
        part = _Part(self.lines_read + 1, text)
        places = self._engine(text)
        self._note_hits(part, sorted({*places, *new}) if new else places)
        self.lines_read += part.count
        self._fill_head(text)
        self._parts.append(part)
        self._held += len(text)
        while self._may_close():
            self._close(self._closed)
        self._forget()

    def finish(self) -> None:
        """No more lines will come."""
        while self._closed < len(self._parts):
            self._close(self._closed)

    def kept(self) -> dict[int, bytes]:
        """All kept lines by number, ascending."""
        windows = [Window(1, b"\n".join(self._head))] if self._head else []
        windows += [*tail(self._parts, TAIL_LINES, TAIL_BYTES), *self._late]
        for template in self._templates.values():
            windows += template.firsts.values()
            windows += template.lasts.values()
        found: dict[int, bytes] = {}
        for window in windows:
            found.update(enumerate(window.text.split(b"\n"), window.number))
        return dict(sorted(found.items()))

    def repeats(self) -> Iterator[tuple[int, int, int]]:
        """(first, last, count) line numbers of interesting lines that occur more than once."""
        for template in self._templates.values():
            if template.count > 1:
                yield template.first, template.last[0], template.count

    def _fill_head(self, text: bytes) -> None:
        if len(self._head) >= HEAD_LINES or self._head_size > HEAD_BYTES:
            return
        for line in text.split(b"\n", HEAD_LINES)[:HEAD_LINES]:
            if len(self._head) >= HEAD_LINES or self._head_size > HEAD_BYTES:
                return
            self._head.append(line)
            self._head_size += len(line)

    def _note_hits(self, part: _Part, places: Sequence[int]) -> None:
        """Count every hit, and note those whose neighbours may be kept."""
        text, number, counted, end = part.text, part.number, 0, 0
        rfind, find, count_of = text.rfind, text.find, text.count
        for place in places:
            if place < end:
                continue
            start = rfind(b"\n", end, place) + 1 or end
            end = find(b"\n", place)
            if end < 0:
                end = len(text)
            number += count_of(b"\n", counted, start)
            counted = start
            shape = shape_of(text, start, end)
            template = self._by_shape.get(shape) or self._template(part, shape, number, start, end)
            if template is None:
                continue
            template.count += 1
            template.last_but_one, template.last = template.last, (number, start)
            if template.part is not part:
                template.part = part
                part.hit.append(template)
            if template.count <= _FIRSTS:
                part.firsts.append((template.last, template))
        part.count = number - part.number + count_of(b"\n", counted) + 1

    def _template(
        self, part: _Part, shape: bytes, number: int, start: int, end: int
    ) -> Template | None:
        """That of a line whose shape is new; None where there are too many already."""
        key = key_of(part.text, start, end)
        template = self._templates.get(key)
        if template is None:
            reach = _reach(part.text[start:end])
            if len(self._templates) >= _TEMPLATES_MAX:
                part.late.append(((number, start), reach))
                return None
            template = self._templates[key] = Template(number, reach)
        if len(self._by_shape) >= _SHAPES_MAX:
            self._by_shape.clear()
        self._by_shape[shape] = template
        return template

    def _may_close(self) -> bool:
        if len(self._parts) - self._closed <= _LAG:
            return False
        return self._parts[self._closed].end + _WAITING <= self.lines_read

    def _close(self, index: int) -> None:
        """Cut the windows of a part: their neighbours are there, or never will be."""
        part = self._parts[index]
        for hit, template in part.firsts:
            limit = _WORD_BYTES if template.reach is _WORD else _FIRST_BYTES
            if self._first_size < limit:
                window = template.firsts[hit[0]] = self._window(index, hit, template.reach)
                self._first_size += len(window.text)
        for template in part.hit:
            if template.part is part:
                self._keep_lasts(index, template)
                template.part = None  # or the whole block would be held
        self._keep_late(index)
        self._closed += 1

    def _keep_lasts(self, index: int, template: Template) -> None:
        """Windows of its last two hits; the one before may lie in an earlier part."""
        recent = (template.last_but_one, template.last)
        for number in template.lasts.keys() - {hit[0] for hit in recent}:
            self._last_size -= len(template.lasts.pop(number).text)
        for hit in recent:
            if hit[0] and hit[0] not in template.firsts and hit[0] not in template.lasts:
                reach = template.reach if self._last_size < _LAST_BYTES else _ALONE
                where = self._holding(hit[0], index)
                if where is not None:
                    window = template.lasts[hit[0]] = self._window(where, hit, reach)
                    self._last_size += len(window.text)

    def _holding(self, number: int, index: int) -> int | None:
        """The part with that line, at this index or before."""
        while index >= 0 and self._parts[index].number > number:
            index -= 1
        return index if index >= 0 else None

    def _keep_late(self, index: int) -> None:
        newer = (len(self._parts[i].late) for i in range(index + 1, len(self._parts)))
        if sum(newer) >= _LATE_MAX:
            return
        for hit, reach in self._parts[index].late:
            window = self._window(index, hit, reach)
            self._late.append(window)
            self._late_size += len(window.text)
            while self._late_size > _LATE_BYTES and len(self._late) > 1:
                self._late_size -= len(self._late.popleft().text)

    def _window(self, index: int, hit: Hit, reach: Reach) -> Window:
        window = cut(self._parts, index, hit, reach)
        if len(window.text) <= _WINDOW_BYTES:
            return window
        return cut(self._parts, index, hit, _ALONE)

    def _forget(self) -> None:
        """Drop parts that no window and no tail can reach any more."""
        while self._closed > _LAG:
            oldest = self._parts[0]
            left = self._held - len(oldest.text)
            open_from = self.lines_read + 1
            if self._closed < len(self._parts):
                open_from = self._parts[self._closed].number
            is_of_tail = oldest.end + TAIL_LINES > self.lines_read and left < TAIL_BYTES
            if is_of_tail or oldest.end + _BEHIND > open_from:
                return
            self._held = left
            self._parts.popleft()
            self._closed -= 1


def _reach(line: bytes) -> Reach:
    if _IS_OPENING.search(line) is not None:
        return _OPENING
    return _ENDING if _IS_ENDING.search(line) is not None else _WORD
