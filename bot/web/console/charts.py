"""Charts as shapes with places and sizes; a template draws them, and a table tells the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from math import ceil

WIDTH, HEIGHT = 960, 220
_LEFT, _TOP, _BOTTOM = 40, 8, 24
_STEPS = (1, 2, 5)
_LEVELS = 5  # lines above the ground
_LABELS = 8  # days that are named below


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """`points` as SVG writes them; `dots` for days that have no neighbour as well."""

    kind: str
    points: str
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    levels: tuple[Tick, ...]
    days: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT


def stacked(
    days: Sequence[date], values: Mapping[date, Mapping[str, int]], kinds: Sequence[str]
) -> Chart:
    """One bar a day, its parts in the order of `kinds` from below."""
    highest = max((sum(of_day.values()) for of_day in values.values()), default=0)
    levels, top = _levels(highest)
    step = _step(days)
    bars: list[Bar] = []
    for place, day in enumerate(days):
        at = 0.0
        for kind in kinds:
            number = values.get(day, {}).get(kind, 0)
            if not number:
                continue
            size = _size(number, top)
            at += size
            x = _LEFT + place * step + step * 0.15
            title = f"{day:%d %b}: {kind} {number}"
            bars.append(Bar(_r(x), _r(_ground() - at), _r(step * 0.7), _r(size), kind, title))
    return Chart(tuple(bars), (), levels, _named(days, step))


def lines(days: Sequence[date], values: Mapping[str, Mapping[date, float]]) -> Chart:
    """One line for each kind; a day without a value is passed over."""
    highest = max((one for of_kind in values.values() for one in of_kind.values()), default=0.0)
    levels, top = _levels(highest)
    step = _step(days)
    drawn = []
    for kind, of_kind in values.items():
        dots = tuple(
            (_r(_LEFT + (place + 0.5) * step), _r(_ground() - _size(of_kind[day], top)))
            for place, day in enumerate(days)
            if day in of_kind
        )
        drawn.append(Line(kind, " ".join(f"{x},{y}" for x, y in dots), dots))
    return Chart((), tuple(drawn), levels, _named(days, step))


def days_of(since: date, until: date) -> list[date]:
    """Both included."""
    return [since + timedelta(days=number) for number in range((until - since).days + 1)]


def _levels(highest: float) -> tuple[tuple[Tick, ...], float]:
    """At most six round numbers, up to the first that is not less, and that one."""
    size = next(one for one in _sizes() if one * _LEVELS >= highest)
    steps = max(1, ceil(highest / size))
    top = size * steps
    ticks = tuple(
        Tick(_r(_ground() - _size(size * number, top)), f"{size * number:g}")
        for number in range(steps + 1)
    )
    return ticks, top


def _sizes() -> Iterator[float]:
    """1, 2, 5, 10, 20, 50 …"""
    return (float(step * 10**power) for power in count() for step in _STEPS)


def _named(days: Sequence[date], step: float) -> tuple[Tick, ...]:
    every = max(1, -(-len(days) // _LABELS))
    return tuple(
        Tick(_r(_LEFT + (place + 0.5) * step), f"{day.day} {day:%b}")
        for place, day in enumerate(days)
        if place % every == 0
    )


def _step(days: Sequence[date]) -> float:
    return (WIDTH - _LEFT) / max(1, len(days))


def _ground() -> float:
    return HEIGHT - _BOTTOM


def _size(value: float, top: float) -> float:
    return value / top * (_ground() - _TOP)


def _r(number: float) -> float:
    return round(number, 1)
