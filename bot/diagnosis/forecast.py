"""When a limit is reached if things go on as they do, said only where they do go on so."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from statistics import median

from bot.diagnosis.habit import habitual
from bot.domain.capacity import HORIZON, Forecast

WINDOW = timedelta(minutes=90)
"""The trend is that of this long."""
DAYS = 3
"""Earlier days that tell what is usual at this hour."""

_LEAST_POINTS = 9
_LEAST_SPAN = 1_800.0  # seconds
_STALE = 900.0  # seconds since the newest point
_DAY = 86_400.0
_SAME_HOUR = 600.0  # seconds around the same time of an earlier day
_LEAST_DAYS = 2
_Z = 1.96  # both bounds of the trend together leave out one in twenty
_STEP = 300.0
_FARTHEST = 2.0  # times the span of the points
_HELD = (0.4, 2.5)  # of the rise that was foreseen for the last third, how much really came
_NEARLY_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Point:
    """`limit` is what held at that time; None where there was none."""

    at: datetime
    used: float
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class _Trend:
    """Per second; `level` is that of the last point's time."""

    low: float
    middle: float
    high: float
    level: float
    spread: float


def foresee(points: Sequence[Point], limit: float | None, now: datetime) -> Forecast | None:
    """The forecast for `limit` after `points`, in any order; None where there is nothing to say:
    no limit, too few points; no trend beyond noise and the day's rhythm, one that did not hold
    lately, or a crossing farther off than the points reach back, and days before that were other
    than this one or left room."""
    if limit is None or not math.isfinite(limit) or limit <= 0:
        return None
    known = sorted({p.at: p for p in points if _tells_demand(p, limit)}.items())
    times = [at.timestamp() for at, _ in known]
    values = [point.used for _, point in known]
    end = now.timestamp()
    first = bisect_left(times, end - WINDOW.total_seconds())
    last = bisect_right(times, end)
    recent = times[first:last]
    if len(recent) < _LEAST_POINTS or recent[-1] - recent[0] < _LEAST_SPAN:
        return None
    if end - recent[-1] > _STALE:
        return None
    rhythm = _Rhythm(times, values, recent[0])
    rest = [value - rhythm.at(at) for at, value in zip(recent, values[first:last], strict=True)]
    trend = _trend(recent, rest)
    found = None
    if trend is not None and _has_held(recent, rest):
        reach = min(HORIZON.total_seconds(), _FARTHEST * (recent[-1] - recent[0]))
        found = _crossing(trend, rhythm, recent[-1], limit, reach)
    today = list(zip(recent, values[first:last], strict=True))
    return found or _by_habit(rhythm, today, limit)


def _by_habit(
    rhythm: _Rhythm, today: Sequence[tuple[float, float]], limit: float
) -> Forecast | None:
    moments = habitual(rhythm.of_day, today, limit, HORIZON.total_seconds(), DAYS)
    if moments is None:
        return None
    now, used = today[-1]
    at = median(moments)
    return Forecast(
        at=_moment(at),
        earliest=_moment(moments[0]),
        latest=_moment(moments[-1]),
        per_hour=max(0.0, limit - used) / (at - now) * 3_600,
        days=len(moments),
    )


def _tells_demand(point: Point, limit: float) -> bool:
    """Under another limit that was nearly reached, more may have been wanted than there was."""
    if not math.isfinite(point.used):
        return False
    if point.limit is None or point.limit == limit:
        return True
    return point.used < _NEARLY_FULL * point.limit


class _Rhythm:
    """What is usual at a time of day, by the days before `since`; 0 where too few are known."""

    def __init__(self, times: Sequence[float], values: Sequence[float], since: float) -> None:
        self._times = times
        self._values = values
        whole = [self.of_day(since, day) for day in range(1, DAYS + 1)]
        self._is_known = sum(one is not None for one in whole) >= _LEAST_DAYS

    def at(self, time: float) -> float:
        if not self._is_known:
            return 0.0
        found = [self.of_day(time, day) for day in range(1, DAYS + 1)]
        known = [one for one in found if one is not None]
        return median(known) if known else 0.0

    def of_day(self, time: float, day: int) -> float | None:
        then = time - day * _DAY
        first = bisect_left(self._times, then - _SAME_HOUR)
        last = bisect_right(self._times, then + _SAME_HOUR)
        return median(self._values[first:last]) if last > first else None


def _trend(times: Sequence[float], values: Sequence[float]) -> _Trend | None:
    """Theil and Sen's slope with the bounds of Kendall's statistic, widened where each value
    resembles the one before; None unless it rises within both bounds."""
    slopes = sorted(
        (b - a) / (t - s)
        for (s, a), (t, b) in combinations(zip(times, values, strict=True), 2)
        if t > s
    )
    if not slopes:
        return None
    middle = median(slopes)
    if middle <= 0:
        return None
    rest = [value - middle * (at - times[-1]) for at, value in zip(times, values, strict=True)]
    level = median(rest)
    errors = [one - level for one in rest]
    n = len(times)
    deviation = math.sqrt(n * (n - 1) * (2 * n + 5) / 18 * _inflation(errors))
    out = _Z * deviation
    low_rank = math.floor((len(slopes) - out) / 2)
    high_rank = math.ceil((len(slopes) + out) / 2)
    if low_rank < 0 or slopes[low_rank] <= 0:
        return None
    high = slopes[min(high_rank, len(slopes) - 1)]
    spread = 1.4826 * median([abs(one) for one in errors])
    return _Trend(slopes[low_rank], middle, high, level, spread)


def _inflation(errors: Sequence[float]) -> float:
    """How much less the values tell than as many independent ones."""
    total = sum(one * one for one in errors)
    if total == 0:
        return 1.0
    likeness = sum(a * b for a, b in pairwise(errors)) / total
    likeness = min(0.9, max(0.0, likeness))
    return (1 + likeness) / (1 - likeness)


def _has_held(times: Sequence[float], values: Sequence[float]) -> bool:
    """Whether the first two thirds foresaw the last one."""
    cut = 2 * len(times) // 3
    slopes = [
        (b - a) / (t - s)
        for (s, a), (t, b) in combinations(zip(times[:cut], values[:cut], strict=True), 2)
    ]
    slope = median(slopes)
    if slope <= 0:
        return False
    level = median(
        [
            value - slope * (at - times[cut - 1])
            for at, value in zip(times[:cut], values, strict=False)
        ]
    )
    foreseen = slope * (median(times[cut:]) - times[cut - 1])
    came = median(values[cut:]) - level
    return _HELD[0] * foreseen <= came <= _HELD[1] * foreseen


def _crossing(
    trend: _Trend, rhythm: _Rhythm, begin: float, limit: float, reach: float
) -> Forecast | None:
    def reached(slope: float, level: float, within: float) -> float | None:
        steps = math.ceil(within / _STEP)
        before = level + rhythm.at(begin) - limit
        for step in range(1, steps + 1):
            ahead = step * _STEP
            over = level + slope * ahead + rhythm.at(begin + ahead) - limit
            if over >= 0:
                share = 1.0 if over == before else -before / (over - before)
                return begin + _STEP * (step - 1 + min(1.0, max(0.0, share)))
            before = over
        return None

    at = reached(trend.middle, trend.level, reach)
    if at is None:
        return None
    earliest = reached(trend.high, trend.level + trend.spread, reach) or at
    latest = reached(trend.low, trend.level - trend.spread, _FARTHEST * reach)
    return Forecast(
        at=_moment(at),
        earliest=_moment(min(earliest, at)),
        latest=_moment(max(latest, at)) if latest is not None else None,
        per_hour=trend.middle * 3_600,
    )


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(round(at), UTC)
