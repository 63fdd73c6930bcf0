"""Who is on call by a rota: a year, a week, both changes of the clocks, overrides over them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.oncall.schedule import Layer, Level, Override, Rota
from bot.adapters.oncall.wall_clock import Hours, Rotation, Window, shown_at
from bot.domain.oncall import OnCallTurn, Responder
from tests.adapters.oncall.rotas import DANA, KIM, LEE, PEOPLE, layer, rotations, utc, wall

WEEK, DAY, HOUR = timedelta(weeks=1), timedelta(days=1), timedelta(hours=1)
OFFICE = Window(frozenset(range(5)), 9 * 60, 17 * 60)


def turns(level: Level, start: str, horizon: timedelta, zone: str = "UTC") -> list[tuple[str, str]]:
    """Who takes over, and when by the clock on the wall."""
    rota = Rota((level,))
    return [
        (shown_at(turn.start, ZoneInfo(zone)).strftime("%a %d %H:%M"), _name(turn))
        for turn in rota.turns(1, utc(start), horizon)
    ]


def _name(turn: OnCallTurn) -> str:
    return turn.responders[0].name if turn.responders else "nobody"


@given(rotations(), st.integers(1, 5), st.lists(st.integers(0, 5_000_000), max_size=5))
def test_from_its_start_on_a_layer_has_one_responder_at_every_moment(
    rotation: Rotation, count: int, minutes: list[int]
) -> None:
    people = tuple(Responder(f"{number}", f"U{number}") for number in range(count))
    level = Level((Layer(people, rotation),))
    start = rotation.begin(0)
    assert level.at(start - timedelta(seconds=1)).responder is None
    for minute in minutes:
        at = start + timedelta(minutes=minute)
        assert level.at(at).responder == people[rotation.number_at(at) % count]


@given(rotations())
def test_turns_follow_one_another_without_a_break_and_everybody_in_order(
    rotation: Rotation,
) -> None:
    start = rotation.begin(0)
    found = list(Rota((Level((Layer(PEOPLE, rotation),)),)).turns(1, start, 40 * rotation.length))
    assert all(one.end == following.start for one, following in pairwise(found))
    assert all(one.start < one.end for one in found)
    order = [PEOPLE.index(turn.responders[0]) for turn in found]
    # A turn that a change of the clocks swallows is nobody's.
    swallowed = [after for after, number in pairwise(order) if (number - after) % 3 != 1]
    assert rotation.length <= 2 * HOUR or not swallowed


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    ("length", "end", "count"),
    [
        (WEEK, "2031-01-06 09:00", 261),
        (DAY, "2029-01-05 09:00", 1_096),
        (12 * HOUR, "2027-01-05 09:00", 730),
    ],
)
def test_years_have_as_many_handovers_as_the_calendar_says(
    zone: str, length: timedelta, end: str, count: int
) -> None:
    rotating = layer(zone, "2026-01-05 09:00", length)
    start = rotating.rotation.begin(0)
    horizon = layer(zone, end, length).rotation.begin(0) - start
    found = list(Rota((Level((rotating,)),)).turns(1, start, horizon))
    assert len(found) == count
    shown = {shown_at(turn.start, ZoneInfo(zone)).strftime("%H:%M") for turn in found}
    assert shown == ({"09:00", "21:00"} if length < DAY else {"09:00"})
    assert all(turn.responders for turn in found)


def test_a_week_of_office_hours_over_a_layer_that_is_always_there() -> None:
    zone = ZoneInfo("Europe/Berlin")
    office = Layer(
        (DANA, KIM), Rotation(zone, wall("2026-11-02 09:00"), DAY), Hours(zone, (OFFICE,))
    )
    level = Level((office, layer("Europe/Berlin", "2026-11-02 09:00", WEEK, (LEE,))))

    assert turns(level, "2026-11-22 23:00", 7 * DAY, "Europe/Berlin") == [
        ("Mon 23 00:00", "Lee"),
        ("Mon 23 09:00", "Kim"),
        ("Mon 23 17:00", "Lee"),
        ("Tue 24 09:00", "Dana"),
        ("Tue 24 17:00", "Lee"),
        ("Wed 25 09:00", "Kim"),
        ("Wed 25 17:00", "Lee"),
        ("Thu 26 09:00", "Dana"),
        ("Thu 26 17:00", "Lee"),
        ("Fri 27 09:00", "Kim"),
        ("Fri 27 17:00", "Lee"),
    ]


@pytest.mark.parametrize(
    ("zone", "start", "shown"),
    [
        ("Europe/Berlin", "2026-03-28 00:00", "Sun 29 03:00"),
        ("Europe/Berlin", "2026-10-24 00:00", "Sun 25 02:30"),
        ("America/New_York", "2026-03-07 06:00", "Sun 08 03:00"),
        ("America/New_York", "2026-10-31 06:00", "Sun 01 02:30"),
        ("Australia/Lord_Howe", "2026-10-02 14:00", "Sun 04 02:30"),
        ("Australia/Lord_Howe", "2026-04-03 14:00", "Sun 05 02:30"),
    ],
)
def test_around_a_change_of_the_clocks_each_day_still_has_one_handover(
    zone: str, start: str, shown: str
) -> None:
    """At half past two, which Berlin and New York skip in spring; Lord Howe's gap ends then."""
    level = Level((layer(zone, "2026-01-05 02:30", DAY),))
    found = [when for when, _ in turns(level, start, 4 * DAY, zone)][1:]
    assert shown in found
    assert [when.split()[0] for when in found[:3]] == ["Sat", "Sun", "Mon"]
    assert [when.split()[2] for when in found if when != shown] == ["02:30"] * (len(found) - 1)


@pytest.mark.parametrize(
    ("zone", "start"),
    [("Europe/Berlin", "2026-10-24 22:00"), ("America/New_York", "2026-11-01 04:00")],
)
def test_the_night_shift_of_the_repeated_hour_is_an_hour_longer(zone: str, start: str) -> None:
    level = Level((layer(zone, "2026-01-05 00:00", 8 * HOUR),))
    first = next(Rota((level,)).turns(1, utc(start), DAY))
    assert first.end - first.start == 9 * HOUR


@pytest.mark.parametrize(
    ("zone", "start", "end", "length"),
    [
        ("Europe/Berlin", "2026-03-28 17:00", "2026-03-29 16:00", 23 * HOUR),
        ("Europe/Berlin", "2026-10-24 16:00", "2026-10-25 17:00", 25 * HOUR),
        ("Australia/Lord_Howe", "2026-04-04 07:00", "2026-04-05 07:30", 24.5 * HOUR),
    ],
)
def test_an_override_over_a_change_of_the_clocks_ends_when_the_wall_says(
    zone: str, start: str, end: str, length: timedelta
) -> None:
    override = Override(LEE, utc(start), utc(end))
    level = Level((layer(zone, "2026-01-05 09:00", WEEK, (DANA, KIM)),), (override,))
    rota = Rota((level,))
    found = list(rota.turns(1, utc(start) - HOUR, 3 * DAY))
    [taken] = [turn for turn in found if turn.responders == (LEE,)]
    assert (taken.start, taken.end) == (utc(start), utc(end))
    assert taken.end - taken.start == length
    assert {shown_at(edge, ZoneInfo(zone)).hour for edge in (taken.start, taken.end)} == {18}


def test_an_override_counts_from_its_start_and_no_longer_at_its_end() -> None:
    override = Override(LEE, utc("2026-11-24 12:00"), utc("2026-11-25 12:00"))
    level = Level((layer("UTC", "2026-11-23 09:00", WEEK, (DANA, KIM)),), (override,))
    assert turns(level, "2026-11-23 10:00", WEEK) == [
        ("Mon 23 10:00", "Dana"),
        ("Tue 24 12:00", "Lee"),
        ("Wed 25 12:00", "Dana"),
        ("Mon 30 09:00", "Kim"),
    ]


def test_somebody_stands_in_for_one_person_alone() -> None:
    away = Override(LEE, utc("2026-11-23 00:00"), utc("2026-12-23 00:00"), stands_in_for=KIM)
    level = Level((layer("UTC", "2026-11-23 09:00", WEEK, (DANA, KIM)),), (away,))
    assert [name for _, name in turns(level, "2026-11-23 10:00", 3 * WEEK)] == [
        "Dana",
        "Lee",
        "Dana",
        "Lee",
    ][:4]


def test_a_later_override_stands_over_an_earlier_one() -> None:
    whole = (utc("2026-11-23 00:00"), utc("2026-11-30 00:00"))
    overrides = (Override(KIM, *whole), Override(LEE, *whole, stands_in_for=KIM))
    level = Level((layer("UTC", "2026-11-02 09:00", WEEK, (DANA,)),), overrides)
    assert level.at(utc("2026-11-25 00:00")).responder == LEE


def test_a_layer_does_not_count_before_its_first_handover() -> None:
    coming = layer("UTC", "2026-12-07 09:00", WEEK, (KIM,))
    level = Level((coming, layer("UTC", "2026-11-02 09:00", WEEK, (DANA,))))
    assert turns(level, "2026-12-01 00:00", 2 * WEEK) == [
        ("Tue 01 00:00", "Dana"),
        ("Mon 07 09:00", "Kim"),
    ]


def test_outside_of_all_hours_nobody_is_on_call() -> None:
    zone = ZoneInfo("UTC")
    office = Layer((DANA,), Rotation(zone, wall("2026-11-02 09:00"), WEEK), Hours(zone, (OFFICE,)))
    assert turns(Level((office,)), "2026-11-27 12:00", 3 * DAY) == [
        ("Fri 27 12:00", "Dana"),
        ("Fri 27 17:00", "nobody"),
        ("Mon 30 09:00", "Dana"),
    ]


@given(rotations(), rotations(), st.integers(0, 500_000))
def test_nothing_changes_before_the_time_until_which_it_is_said_to_stay(
    upper: Rotation, lower: Rotation, minutes: int
) -> None:
    hours = Hours(upper.zone, (OFFICE,))
    level = Level((Layer((DANA, KIM), upper, hours), Layer((LEE, DANA), lower)))
    at = max(upper.begin(0), lower.begin(0)) + timedelta(minutes=minutes)
    shift = level.at(at)
    assert shift.until > at
    assert level.at(shift.until - timedelta(seconds=1)).responder == shift.responder
