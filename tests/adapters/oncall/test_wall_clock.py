"""Turns and hours by the clock on the wall, over every change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.oncall.wall_clock import Hours, Rotation, Window, moment_of, shown_at
from tests.adapters.oncall.rotas import ZONES, days, minutes, rotations, utc, wall

zones = st.sampled_from(ZONES).map(ZoneInfo)
walls = st.tuples(days, minutes).map(lambda made: datetime.combine(made[0], time()) + made[1])


@pytest.mark.parametrize(
    ("zone", "shown", "moment"),
    [
        ("Europe/Berlin", "2026-01-05 09:00", "2026-01-05 08:00"),
        ("Europe/Berlin", "2026-07-06 09:00", "2026-07-06 07:00"),
        ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00"),  # skipped, up to 03:00
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),  # comes twice
        ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"),  # a whole day was skipped
    ],
)
def test_a_time_on_the_wall_is_the_first_moment_that_shows_it_or_later(
    zone: str, shown: str, moment: str
) -> None:
    assert moment_of(wall(shown), ZoneInfo(zone)) == utc(moment)


@given(zones, walls, walls)
def test_of_two_times_the_later_one_never_comes_first(
    zone: ZoneInfo, one: datetime, other: datetime
) -> None:
    earlier, later = sorted([one, other])
    assert moment_of(earlier, zone) <= moment_of(later, zone)


@given(zones, walls)
def test_a_minute_before_the_moment_the_clock_has_not_shown_the_time(
    zone: ZoneInfo, shown: datetime
) -> None:
    moment = moment_of(shown, zone)
    assert shown_at(moment, zone) >= shown
    assert shown_at(moment - timedelta(minutes=1), zone) < shown


@given(rotations(), st.integers(-2_000, 200_000))
def test_every_moment_is_in_the_one_turn_that_has_begun_and_not_ended(
    rotation: Rotation, minutes: int
) -> None:
    at = rotation.begin(0) + timedelta(minutes=minutes)
    number = rotation.number_at(at)
    assert rotation.begin(number) <= at < rotation.begin(number + 1)


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_has_as_many_daily_handovers_as_days_all_at_the_same_time_on_the_wall(
    zone: str,
) -> None:
    rotation = Rotation(ZoneInfo(zone), wall("2026-01-01 09:00"), timedelta(days=1))
    begins = [rotation.begin(number) for number in range(366)]
    assert begins[-1] == moment_of(wall("2027-01-01 09:00"), rotation.zone)
    assert {shown_at(begin, rotation.zone).time() for begin in begins} == {time(9)}
    assert all(one < next_one for one, next_one in pairwise(begins))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_the_days_of_change_are_an_hour_shorter_and_longer(zone: str) -> None:
    rotation = Rotation(ZoneInfo(zone), wall("2026-01-01"), timedelta(days=1))
    lengths = [rotation.begin(day + 1) - rotation.begin(day) for day in range(365)]
    assert sorted(set(lengths)) == [timedelta(hours=hours) for hours in (23, 24, 25)]
    assert lengths.count(timedelta(hours=23)) == lengths.count(timedelta(hours=25)) == 1


def test_the_days_of_change_on_lord_howe_are_half_an_hour_shorter_and_longer() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    rotation = Rotation(zone, wall("2026-01-01"), timedelta(days=1))
    lengths = [rotation.begin(day + 1) - rotation.begin(day) for day in range(365)]
    assert min(lengths) == timedelta(hours=23.5)
    assert max(lengths) == timedelta(hours=24.5)
    assert lengths.count(timedelta(days=1)) == 363


def test_a_handover_in_the_repeated_hour_happens_once() -> None:
    rotation = Rotation(ZoneInfo("Europe/Berlin"), wall("2026-10-24 02:30"), timedelta(days=1))
    night = utc("2026-10-24 22:00")
    numbers = [rotation.number_at(night + timedelta(minutes=15 * step)) for step in range(24)]
    assert numbers == sorted(numbers)
    assert numbers.index(1) == (utc("2026-10-25 00:30") - night) // timedelta(minutes=15)


WORKDAYS = Window(frozenset(range(5)), 9 * 60, 17 * 60)
NIGHTS = Window(frozenset(range(7)), 22 * 60, 6 * 60)


@pytest.mark.parametrize(
    ("at", "counts", "until"),
    [
        ("2026-11-23 08:00", True, "2026-11-23 16:00"),  # a Monday, 09:00 in Berlin
        ("2026-11-23 07:59", False, "2026-11-23 08:00"),
        ("2026-11-23 16:00", False, "2026-11-24 08:00"),
        ("2026-11-27 16:00", False, "2026-11-30 08:00"),
    ],
)
def test_office_hours_begin_and_end_on_the_wall(at: str, counts: bool, until: str) -> None:
    hours = Hours(ZoneInfo("Europe/Berlin"), (WORKDAYS,))
    assert hours.at(utc(at)) == (counts, utc(until))


def test_a_window_may_last_over_midnight() -> None:
    hours = Hours(ZoneInfo("UTC"), (NIGHTS,))
    assert hours.at(utc("2026-11-23 03:00")) == (True, utc("2026-11-23 06:00"))
    assert hours.at(utc("2026-11-23 23:00")) == (True, utc("2026-11-24 06:00"))


def test_windows_that_follow_one_another_are_one() -> None:
    day = Window(frozenset(range(7)), 6 * 60, 22 * 60)
    counts, until = Hours(ZoneInfo("UTC"), (NIGHTS, day)).at(utc("2026-11-23 12:00"))
    assert counts
    assert until > utc("2026-12-01 00:00")


def test_a_window_that_the_change_of_clocks_swallows_comes_again_a_week_later() -> None:
    sunday = Window(frozenset({6}), 2 * 60, 2 * 60 + 30)
    hours = Hours(ZoneInfo("Europe/Berlin"), (sunday,))
    assert hours.at(utc("2026-03-27 12:00")) == (False, utc("2026-04-05 00:00"))


@given(zones, walls, st.sampled_from([WORKDAYS, NIGHTS, Window(frozenset({6}), 120, 150)]))
def test_hours_always_say_until_when(zone: ZoneInfo, shown: datetime, window: Window) -> None:
    at = shown.replace(tzinfo=UTC)
    hours = Hours(zone, (window,))
    counts, until = hours.at(at)
    assert until > at
    assert hours.at(until - timedelta(minutes=1))[0] is counts
    assert hours.at(until)[0] is not counts
