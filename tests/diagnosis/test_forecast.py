"""What is foreseen, and that nothing is where nothing can be."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnosis.forecast import Point, foresee

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
FIVE = timedelta(minutes=5)
DAY = timedelta(days=1)


def series(
    value: Callable[[float], float],
    *,
    count: int = 18,
    limit: float = 40.0,
    noise: float = 0.0,
    seed: int = 0,
    end: datetime = NOW,
) -> list[Point]:
    """Every five minutes up to `end`; `value` by the hours before that, below zero."""
    pick = random.Random(seed)
    return [
        Point(end - FIVE * back, max(0.0, value(-back / 12) + pick.gauss(0, noise)), limit)
        for back in range(count - 1, -1, -1)
    ]


def test_a_pool_that_fills_up_is_full_when_the_line_says() -> None:
    found = foresee(series(lambda hours: 28 + 10 * hours, noise=0.5), 40, NOW)
    assert found is not None
    assert abs(found.at - (NOW + timedelta(hours=1.2))) < timedelta(minutes=15)
    assert found.earliest <= found.at
    assert found.latest is None or found.latest >= found.at
    assert found.per_hour == pytest.approx(10, rel=0.25)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(3, 12), st.floats(0, 1))
def test_the_truth_lies_between_the_bounds_nearly_always(
    seed: int, per_hour: float, noise: float
) -> None:
    found = foresee(series(lambda hours: 25 + per_hour * hours, noise=noise, seed=seed), 40, NOW)
    truth = NOW + timedelta(hours=15 / per_hour)
    if found is not None:
        slack = timedelta(minutes=25)
        assert found.earliest - slack <= truth
        assert found.latest is None or truth <= found.latest + slack


def test_noise_without_a_trend_foretells_next_to_nothing() -> None:
    said = sum(
        foresee(series(lambda _: 30, noise=4, seed=seed), 40, NOW) is not None
        for seed in range(300)
    )
    assert said <= 6


def test_what_wanders_without_aim_is_seldom_taken_for_a_trend() -> None:
    said = 0
    for seed in range(300):
        pick, at = random.Random(seed), 20.0
        steps = [at := min(40.0, max(0.0, at + pick.gauss(0, 1.5))) for _ in range(18)]
        points = [Point(NOW - FIVE * (17 - place), used, 40) for place, used in enumerate(steps)]
        said += foresee(points, 40, NOW) is not None
    assert said <= 30


@settings(max_examples=40, deadline=None)
@given(st.floats(-20, 0), st.floats(0, 3), st.integers(0, 999))
def test_what_does_not_rise_is_never_foreseen(slope: float, noise: float, seed: int) -> None:
    falling = series(lambda hours: 30 + slope * hours, seed=seed)
    assert foresee(falling, 60, NOW) is None
    assert foresee(series(lambda _: 30, noise=0, seed=seed), 30.1 + noise, NOW) is None


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.floats(0.1, 1_000))
def test_neither_order_nor_unit_matters(order: random.Random, unit: float) -> None:
    points = series(lambda hours: 28 + 10 * hours, noise=0.5)
    scaled = [Point(one.at, one.used * unit, 40 * unit) for one in points]
    order.shuffle(scaled)
    plain, other = foresee(points, 40, NOW), foresee(scaled, 40 * unit, NOW)
    assert plain is not None
    assert other is not None
    assert abs(plain.at - other.at) <= timedelta(seconds=2)


@pytest.mark.parametrize("limit", [None, 0.0, -1.0, float("inf"), float("nan")])
def test_without_a_limit_there_is_no_end(limit: float | None) -> None:
    assert foresee(series(lambda hours: 28 + 10 * hours), limit, NOW) is None


def test_a_rise_of_every_night_is_no_news() -> None:
    def night(hours: float) -> float:
        return 20 + 8 * (1.5 + hours)

    def whole(day: int) -> list[Point]:
        """From before the rise to after it, as it went on earlier days."""
        end = NOW - day * DAY
        later = [Point(end + FIVE * n, 32.0, 40) for n in range(1, 75)]
        return [*series(night, end=end), *later]

    today = series(night)
    earlier = [point for day in (1, 2, 3) for point in whole(day)]
    assert foresee(today, 40, NOW) is not None
    assert foresee([*earlier, *today], 40, NOW) is None


def test_what_comes_on_top_of_the_rhythm_is_foreseen() -> None:
    def usual(day: int) -> list[Point]:
        end = NOW - day * DAY
        return [Point(end + FIVE * n, 20.0, 40) for n in range(-18, 75)]

    earlier = [point for day in (1, 2, 3) for point in usual(day)]
    found = foresee([*earlier, *series(lambda hours: 30 + 8 * hours, noise=0.3)], 40, NOW)
    assert found is not None
    assert abs(found.at - (NOW + timedelta(hours=1.25))) < timedelta(minutes=20)


def test_a_pool_that_was_full_and_was_made_larger_tells_nothing_of_the_time_before() -> None:
    full = [Point(one.at, 20, 20) for one in series(lambda _: 20, count=12, end=NOW - 6 * FIVE)]
    jumped = [Point(NOW - FIVE * back, 34, 60) for back in range(5, -1, -1)]
    assert foresee([*full, *jumped], 60, NOW) is None


def test_a_rise_that_has_ended_is_not_drawn_on() -> None:
    steps = series(lambda hours: 10 + 14 * min(hours + 1.5, 0.7), noise=0.2)
    assert foresee(steps, 22, NOW) is None


def test_too_little_or_too_old_is_nothing() -> None:
    points = series(lambda hours: 28 + 10 * hours)
    assert foresee(points[-5:], 40, NOW) is None
    assert foresee(points, 40, NOW + timedelta(minutes=20)) is None
    assert foresee([], 40, NOW) is None


def test_farther_than_the_past_reaches_nobody_sees() -> None:
    points = series(lambda hours: 10 + 2 * hours, noise=0.05)
    assert foresee(points, 100, NOW) is None


def nights(
    *fills: float, today: float = 10.0, noise: float = 0.5, level: float = 10.0
) -> list[Point]:
    """Days before on which a pool of 40 stands at `level` and fills within half an hour, so many
    hours after this time of day, and today's points up to now; 99 for a day that leaves room."""
    points = series(lambda _: today, noise=noise)
    for back, begins in enumerate(fills, 1):
        points += series(
            lambda hours, begins=begins: min(40.0, level + max(0.0, hours + 3 - begins) * 60),  # type: ignore[misc]
            count=60,
            noise=0.0,
            end=NOW - back * DAY + timedelta(hours=3),
        )
    return points


def test_what_filled_up_at_this_hour_on_every_day_before_is_foreseen_before_it_rises() -> None:
    found = foresee(nights(1.0, 1.25, 0.75), 40, NOW)
    assert found is not None
    assert found.days == 3
    assert abs(found.at - (NOW + timedelta(hours=1.5))) <= timedelta(minutes=15)
    assert found.earliest <= found.at
    assert found.latest is not None
    assert found.at <= found.latest <= NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    "points",
    [
        nights(1.0),
        nights(1.0, 99, 1.0),
        nights(1.0, 1.0, today=22.0),
        nights(-0.5, -0.5),
        nights(99, 99, 99),
        nights(1.0, 1.0, noise=9.0),
    ],
    ids=["one day", "not every day", "another kind of day", "late", "never full", "noise"],
)
def test_a_habit_is_not_foreseen_where_it_is_none(points: list[Point]) -> None:
    assert foresee(points, 40, NOW) is None


def test_a_day_beyond_what_is_looked_at_makes_no_habit() -> None:
    assert foresee(nights(99, 99, 99, 1.0, 1.0), 40, NOW) is None
