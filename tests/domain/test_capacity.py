"""When a warning is given, once, and when it is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.capacity import (
    Forecast,
    Gauge,
    GaugeKind,
    Outlook,
    Standing,
    Warned,
    warned_of,
)

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def outlook(standing: Standing, at: datetime) -> Outlook:
    used = 40.0 if standing is Standing.FULL else 30.0
    gauge = Gauge(GaugeKind.POOL, "etl", used, 40.0, waiting=3)
    soon = Forecast(at + 12 * FIVE, at + 9 * FIVE, None, 10.0)
    return Outlook(gauge, at, soon if standing is Standing.FORESEEN else None)


def course(standings: Iterable[str]) -> tuple[list[str], Warned | None]:
    """What is told, by letters r, f and F for room, foreseen and full."""
    letters = {"r": Standing.ROOM, "f": Standing.FORESEEN, "F": Standing.FULL}
    known: Warned | None = None
    told = []
    for place, letter in enumerate(standings):
        at = START + place * FIVE
        now = outlook(letters[letter], at)
        after, is_news = warned_of("prod", now, None if known and known.is_over else known, at)
        if is_news and after is not None:
            told.append("over" if after.is_over else after.outlook.standing.value)
        assert warned_of("prod", now, after, at) == (after, False)
        known = after
    return told, known


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ("rrrr", []),
        ("rfrfrf", []),  # one look may be a moment
        ("ff", ["foreseen"]),
        ("ffffffff", ["foreseen"]),
        ("ffFFF", ["foreseen", "full"]),
        ("FFFF", ["full"]),
        ("ffrffrff", ["foreseen"]),  # what flaps is one trouble
        ("ffrrr", ["foreseen", "over"]),
        ("ffFFrrrrr", ["foreseen", "full", "over"]),
        ("ffrrrff", ["foreseen", "over", "foreseen"]),
        ("ffFFffFF", ["foreseen", "full", "full"]),
    ],
)
def test_trouble_is_told_once_and_its_end(looks: str, told: list[str]) -> None:
    assert course(looks)[0] == told


@given(st.text(alphabet="rfF", max_size=60))
def test_an_end_is_told_of_what_was_told_alone(looks: str) -> None:
    told, known = course(looks)
    assert told[:1] != ["over"]
    assert all(not (a == b == "over") for a, b in pairwise(told))
    if looks.endswith("rrr"):
        assert known is None or known.is_over


def test_a_pool_for_one_at_a_time_is_full_only_while_somebody_waits() -> None:
    assert not Gauge(GaugeKind.POOL, "mutex", 1, 1).is_full
    assert Gauge(GaugeKind.POOL, "mutex", 1, 1, waiting=2).is_full
    assert not Gauge(GaugeKind.POOL, "unlimited", 500, None, waiting=9).is_full
    assert Gauge(GaugeKind.POOL, "closed", 0, 0, waiting=1).is_full
    assert not Gauge(GaugeKind.POOL, "closed", 0, 0).is_full
