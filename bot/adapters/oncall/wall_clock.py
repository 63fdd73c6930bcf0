"""From what the clock on the wall shows to moments, over every change of the clocks.

`zoneinfo` knows the zones; what it leaves open is when a time comes that the clocks skip, and which
of two is meant where they are set back. A recurrence rule would have to be walked from its start
and leaves the same open, so turns are counted here by one division.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = 24 * 60  # minutes on the wall, however many pass
# From the day before, whose windows may last into this one, to two of each weekday: a change of
# the clocks can swallow one of them.
_DAYS_LOOKED_AT = range(-1, 15)


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment, UTC, at which a clock in `zone` shows `wall` (naive) or later.

    So a time that is skipped is the moment of the change, one that comes twice is its first coming,
    and of two times the later one never comes first.
    """
    local = wall.replace(tzinfo=zone, fold=0)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # Skipped: read with the offset from before the change it lies after it, and the reverse.
    return _change(local.replace(fold=1).astimezone(UTC), moment, zone)


def shown_at(moment: datetime, zone: ZoneInfo) -> datetime:
    """What a clock in `zone` shows, naive."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two at which the offset changes, to the second."""
    seconds = range(int(before.timestamp()), int(after.timestamp()))
    offset = after.astimezone(zone).utcoffset()

    def has_changed(second: int) -> bool:
        return datetime.fromtimestamp(second, zone).utcoffset() == offset

    found = bisect_left(seconds, True, key=has_changed)
    return datetime.fromtimestamp(seconds.start + found, UTC)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Turns of equal length on the wall: `first` (naive) is when turn 0 begins."""

    zone: ZoneInfo
    first: datetime
    length: timedelta

    def begin(self, number: int) -> datetime:
        """When this turn begins, UTC."""
        return moment_of(self.first + number * self.length, self.zone)

    def number_at(self, at: datetime) -> int:
        """Which turn it is; negative before the first."""
        number = (shown_at(at, self.zone) - self.first) // self.length
        # The clock may have shown a later handover already, and been set back since.
        while self.begin(number + 1) <= at:
            number += 1
        return number


@dataclass(frozen=True, slots=True)
class Window:
    """A part of some days of the week (Monday is 0), in minutes from midnight on the wall.

    One that ends no later than it starts ends on the next day.
    """

    days: frozenset[int]
    start: int
    end: int

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From when to when, UTC; the same twice where a change of the clocks swallows it."""
        midnight = datetime.combine(day, time())
        end = self.end if self.end > self.start else self.end + _DAY
        begin = moment_of(midnight + timedelta(minutes=self.start), zone)
        return begin, moment_of(midnight + timedelta(minutes=end), zone)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a layer counts, by the clock of its zone."""

    zone: ZoneInfo
    windows: tuple[Window, ...]

    def at(self, at: datetime) -> tuple[bool, datetime]:
        """Whether it counts, and until when that is so, UTC."""
        over = at
        for begin, end in self._spans(shown_at(at, self.zone).date()):
            if begin > over:
                return (True, over) if over > at else (False, begin)
            over = max(over, end)
        return True, over  # one follows the other, for as long as was looked

    def _spans(self, today: date) -> Iterator[tuple[datetime, datetime]]:
        """In the order in which they begin."""
        for step in _DAYS_LOOKED_AT:
            day = today + timedelta(days=step)
            windows = [window for window in self.windows if day.weekday() in window.days]
            for window in sorted(windows, key=lambda window: window.start):
                begin, end = window.on(day, self.zone)
                if begin < end:
                    yield begin, end
