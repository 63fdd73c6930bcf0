"""What fills up at the same time of day again and again, though nothing shows it yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

_LEAST_DAYS = 2
_LEAST_POINTS = 3  # of a day, beside today's
_STEP = 300.0
_FULL = 0.98  # of the limit: what was measured around that time is smoothed
_NEARLY = 0.8
# How far today may lie from an earlier day, and stray from it, in shares of the limit: beyond
# that it is another kind of day.
_OFF, _STRAYS = 0.2, 0.1

OfDay = Callable[[float, int], float | None]
"""What was measured at that time so many days before; None where nothing was."""


def habitual(
    of_day: OfDay, recent: Sequence[tuple[float, float]], limit: float, reach: float, days: int
) -> list[float] | None:
    """When it was full on the days before at this time of day, moved to today, ascending.

    `recent` are today's times and values up to now; `reach` in seconds. None unless every earlier
    day that is known, two at least, was like today so far and filled up then.
    """
    known = [
        day for day in range(1, days + 1) if len(_beside(of_day, recent, day)) >= _LEAST_POINTS
    ]
    found = [_full_at(of_day, recent, day, limit, reach) for day in known]
    moments = sorted(moment for moment in found if moment is not None)
    return moments if len(moments) == len(known) >= _LEAST_DAYS else None


def _beside(of_day: OfDay, recent: Sequence[tuple[float, float]], day: int) -> list[float]:
    """How much more there is today, time by time."""
    pairs = ((value, of_day(at, day)) for at, value in recent)
    return [value - usual for value, usual in pairs if usual is not None]


def _full_at(
    of_day: OfDay, recent: Sequence[tuple[float, float]], day: int, limit: float, reach: float
) -> float | None:
    apart = _beside(of_day, recent, day)
    offset = median(apart)
    strays = median([abs(one - offset) for one in apart])
    if abs(offset) > _OFF * limit or strays > _STRAYS * limit:
        return None
    begin = recent[-1][0]
    for step in range(int(reach / _STEP) + 1):
        then = of_day(begin + step * _STEP, day)
        is_full = then is not None and (
            then >= _FULL * limit or (then >= _NEARLY * limit and then + offset >= limit)
        )
        if is_full:
            # It is not full now: where it was by this time, today is behind, or another day.
            return begin + step * _STEP if step else None
    return None
