"""Reads time stamps off raw log lines and finds the longest silence between neighbours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

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
    return _stamp_at(line, 0, len(line))


def _stamp_at(text: bytes, start: int, end: int) -> datetime | None:
    """As `stamp_of`, of the line of `text` that begins and ends there."""
    if text.startswith(b"{", start):
        start = text.find(_FIELD, start, end)
        if start < 0:
            return None
    match = _STAMP.search(text, start, min(end, start + _WHERE))
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    words = (day + b"T" + clock).decode() + _fraction(fraction) + _zone(zone)
    try:
        return datetime.fromisoformat(words).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _fraction(digits: bytes | None) -> str:
    return "." + (digits[1:7].ljust(6, b"0")).decode() if digits else ""


def _zone(zone: bytes | None) -> str:
    if zone is None or zone in (b"Z", b"UTC"):
        return "+00:00"
    return zone[:3].decode() + ":" + zone[-2:].decode()


class Clock:
    """First and last time of a stream, and its longest silence."""

    def __init__(self) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.silence: Silence | None = None

    def add(self, text: bytes, number: int) -> None:
        """Neighbouring lines, the first with this number; time is taken to go forward."""
        first = _first_stamped(text, 0, len(text))
        if first is None:
            return
        self.first = self.first or first.time
        if self.last is not None:
            self._note((first.time - self.last).total_seconds(), text, first.at, number)
        last = _last_stamped(text, len(text), first)
        self._search(text, number, first, last)
        self.last = last.time

    def _search(self, text: bytes, number: int, low: _Stamped, high: _Stamped) -> None:
        """Halve the range; a half shorter than the longest silence so far cannot beat it."""
        open_ranges = [(low, high)]
        while open_ranges:
            low, high = open_ranges.pop()
            seconds = (high.time - low.time).total_seconds()
            if seconds <= (self.silence.seconds if self.silence else 0.0):
                continue
            middle = (low.at + high.at) // 2 + 1
            # Neighbours among the lines with a time: what lies between is looked at only once.
            before = _last_stamped(text, middle, low)
            after = _first_stamped(text, middle, high.at) or high
            self._note((after.time - before.time).total_seconds(), text, after.at, number)
            open_ranges += [(low, before), (after, high)]

    def _note(self, seconds: float, text: bytes, at: int, number: int) -> None:
        if seconds > (self.silence.seconds if self.silence else 0.0):
            self.silence = Silence(seconds, number + text.count(b"\n", 0, at))


class _Stamped(NamedTuple):
    """A line with a time: the place in the text where it begins."""

    at: int
    time: datetime


def _first_stamped(text: bytes, start: int, end: int) -> _Stamped | None:
    """The first line with a time that begins at `start` or later, and before `end`."""
    at = start if start == 0 else text.find(b"\n", start - 1) + 1
    while start <= at < end:
        line_end = _end_of_line(text, at)
        time = _stamp_at(text, at, line_end)
        if time is not None:
            return _Stamped(at, time)
        at = line_end + 1
    return None


def _last_stamped(text: bytes, end: int, first: _Stamped) -> _Stamped:
    """The last line with a time that begins before `end`, but not before `first`."""
    while (at := text.rfind(b"\n", first.at, end - 1) + 1) > first.at:
        time = _stamp_at(text, at, _end_of_line(text, at))
        if time is not None:
            return _Stamped(at, time)
        end = at
    return first


def _end_of_line(text: bytes, at: int) -> int:
    end = text.find(b"\n", at)
    return len(text) if end < 0 else end
