"""Reads time stamps off raw log lines and finds the longest silence between neighbours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_STAMP = re.compile(
    rb"(\d{4}-\d\d-\d\d)(?:[T ]|, )(\d\d:\d\d:\d\d)([.,]\d{1,9})?"
    rb" ?(Z|UTC|[+-]\d\d:?\d\d(?![\d.]))?"
)
_WHERE = 80  # bytes from the start of a line, or of its "timestamp" field
_FIELD = b'"timestamp":'


@dataclass(frozen=True, slots=True)
class Silence:
    """`seconds` without a line before line `number`."""

    seconds: float
    number: int


def stamp_of(line: bytes) -> datetime | None:
    """The time a line says of itself, as aware UTC; a naive one is taken for UTC."""
    start = line.find(_FIELD) if line.startswith(b"{") else 0
    if start < 0:
        return None
    match = _STAMP.search(line, start, start + _WHERE)
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    text = (day + b"T" + clock).decode() + _fraction(fraction) + _zone(zone)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _fraction(digits: bytes | None) -> str:
    return "." + (digits[1:7].ljust(6, b"0")).decode() if digits else ""


def _zone(zone: bytes | None) -> str:
    if zone is None or zone in (b"Z", b"UTC"):
        return "+00:00"
    return zone[:3].decode() + ":" + zone[-2:].decode()


class Clock:
    """First and last time of a stream, and its longest silence since the last `restart`."""

    def __init__(self) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.silence: Silence | None = None

    def restart(self) -> None:
        """A new try begins: silence before it says nothing about it."""
        self.first = self.last = self.silence = None

    def add(self, lines: Sequence[bytes], number: int) -> None:
        """Neighbouring lines, the first with this number; time is taken to go forward."""
        first = _next_stamped(lines, 0, len(lines))
        if first is None:
            return
        at, stamp = first
        self.first = self.first or stamp
        if self.last is not None:
            self._note((stamp - self.last).total_seconds(), number + at)
        last = _last_stamped(lines, at, len(lines))
        self._search(lines, number, (at, stamp), last)
        self.last = last[1]

    def _search(
        self,
        lines: Sequence[bytes],
        number: int,
        low: tuple[int, datetime],
        high: tuple[int, datetime],
    ) -> None:
        """Halve the range; a half shorter than the longest silence so far cannot beat it."""
        open_ranges = [(low, high)]
        while open_ranges:
            low, high = open_ranges.pop()
            seconds = (high[1] - low[1]).total_seconds()
            if seconds <= (self.silence.seconds if self.silence else 0.0):
                continue
            middle = _next_stamped(lines, (low[0] + high[0]) // 2, high[0])
            if middle is None or middle[0] <= low[0]:
                middle = _next_stamped(lines, low[0] + 1, high[0])
            if middle is None:
                self._note(seconds, number + high[0])
            else:
                open_ranges += [(low, middle), (middle, high)]

    def _note(self, seconds: float, number: int) -> None:
        if seconds > (self.silence.seconds if self.silence else 0.0):
            self.silence = Silence(seconds, number)


def _next_stamped(lines: Sequence[bytes], start: int, end: int) -> tuple[int, datetime] | None:
    for index in range(start, end):
        stamp = stamp_of(lines[index])
        if stamp is not None:
            return index, stamp
    return None


def _last_stamped(lines: Sequence[bytes], start: int, end: int) -> tuple[int, datetime]:
    for index in range(end - 1, start, -1):
        stamp = stamp_of(lines[index])
        if stamp is not None:
            return index, stamp
    stamp = stamp_of(lines[start])
    assert stamp is not None  # the caller found it there
    return start, stamp
