"""Cuts lines with their neighbours out of blocks that follow one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Hit = tuple[int, int]
"""An interesting line: its number, and where it begins in its block."""


class Reach(NamedTuple):
    """Lines kept before and after an interesting one."""

    before: int
    after: int


class Window(NamedTuple):
    """Neighbouring raw lines; `number` is that of the first, from 1."""

    number: int
    text: bytes


@dataclass(slots=True, eq=False)
class Part:
    """A block with the number of its first line and how many it has."""

    number: int
    text: bytes
    count: int = 0

    @property
    def end(self) -> int:
        """The number after that of its last line."""
        return self.number + self.count


def cut(parts: Sequence[Part], index: int, hit: Hit, reach: Reach) -> Window:
    """The lines round a hit in the part at `index`, as far as the parts go."""
    text = parts[index].text
    start, before = _up(text, hit[1], reach.before)
    end, after = _down(text, hit[1], reach.after)
    number, pieces = hit[0] - reach.before + before, [text[start:end]]
    above = index
    while before and above:
        above -= 1
        text = parts[above].text
        start, lacking = _up(text, len(text) + 1, before)
        pieces.insert(0, text[start:])
        number -= before - lacking
        before = lacking
    below = index + 1
    while after and below < len(parts):
        text = parts[below].text
        end, after = _down(text, 0, after - 1)
        pieces.append(text[:end])
        below += 1
    return Window(number, b"\n".join(pieces))


def tail(parts: Sequence[Part], lines: int, size: int) -> Iterator[Window]:
    """The last lines of all: at most so many, and so many bytes."""
    for part in reversed(parts):
        at, number = len(part.text) + 1, part.end
        while lines and number > part.number:
            start = part.text.rfind(b"\n", 0, at - 1) + 1
            size -= at - 1 - start
            if size < 0:
                break
            at, number, lines = start, number - 1, lines - 1
        if number < part.end:
            yield Window(number, part.text[at:])
        if size < 0 or not lines:
            return


def _up(text: bytes, at: int, lines: int) -> tuple[int, int]:
    """Where the line begins that is so many above the one beginning at `at`; how many lack."""
    while lines and at > 0:
        at = text.rfind(b"\n", 0, at - 1) + 1
        lines -= 1
    return at, lines


def _down(text: bytes, at: int, lines: int) -> tuple[int, int]:
    """Where the line ends that is so many below the one beginning at `at`; how many lack."""
    end = text.find(b"\n", at)
    while lines and end >= 0:
        end = text.find(b"\n", end + 1)
        lines -= 1
    return (len(text), lines) if end < 0 else (end, lines)
