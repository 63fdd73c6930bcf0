"""What words of time mean, and that ids which hold such words are left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.targets import TargetHints
from bot.questions.runs import hours_in_words, hours_meant
from bot.questions.times import times_in, without_times

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 13, 8, 30, tzinfo=UTC)  # 09:30 in Berlin


def hints_for(text: str) -> TargetHints:
    time = times_in(text)[0]
    return TargetHints(
        run=time.run, run_date=time.date, day_part=time.part, ago=time.ago, run_said=time.said
    )


def hours(text: str, now: datetime = FRIDAY, zone: ZoneInfo = BERLIN) -> tuple[str, str]:
    """The hours in the zone's own time, as day, hour and minute."""
    meant = hours_meant(hints_for(text), now, zone)
    assert meant is not None
    since, until = (moment.astimezone(zone).strftime("%m-%d %H:%M") for moment in meant)
    return since, until


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("why did orders fail today", "11-13 00:00", "11-14 00:00"),
        ("today's run", "11-13 00:00", "11-14 00:00"),
        ("this morning", "11-13 00:00", "11-13 12:00"),
        ("this afternoon", "11-13 12:00", "11-13 18:00"),
        ("this evening", "11-13 17:00", "11-14 00:00"),
        ("yesterday", "11-12 00:00", "11-13 00:00"),
        ("yesterday\u2019s run", "11-12 00:00", "11-13 00:00"),
        ("yesterday evening", "11-12 17:00", "11-13 00:00"),
        ("the day before yesterday", "11-11 00:00", "11-12 00:00"),
        ("last night", "11-12 18:00", "11-13 10:00"),
        ("on Monday", "11-09 00:00", "11-10 00:00"),
        ("Wednesday night", "11-11 18:00", "11-12 10:00"),
        ("friday", "11-13 00:00", "11-14 00:00"),
        ("last Friday", "11-06 00:00", "11-07 00:00"),
        ("since tue", "11-10 00:00", "11-11 00:00"),
        ("2 hours ago", "11-13 07:00", "11-13 08:00"),
        ("10 min ago", "11-13 09:10", "11-13 09:30"),
        ("half an hour ago", "11-13 08:50", "11-13 09:10"),
        ("3 days ago", "11-10 00:00", "11-11 00:00"),
        ("a week ago", "11-06 00:00", "11-07 00:00"),
        ("on 13 Nov", "11-13 00:00", "11-14 00:00"),
        ("on 12th of November in the evening", "11-12 17:00", "11-13 00:00"),
        ("Nov 2nd, 2026", "11-02 00:00", "11-03 00:00"),
        ("12.11.2026", "11-12 00:00", "11-13 00:00"),
        ("2026-11-12", "11-12 00:00", "11-13 00:00"),
        ("2026/11/12", "11-12 00:00", "11-13 00:00"),
        ("ds=20261112", "11-12 00:00", "11-13 00:00"),
        ("2026-11-12T23:30:00+00:00", "11-13 00:00", "11-13 01:00"),
        ("2026-11-12 23:30", "11-12 23:00", "11-13 00:00"),
    ],
)
def test_words_mean_hours_of_the_cluster_s_time_zone(text: str, since: str, until: str) -> None:
    assert hours(text) == (since, until)


@pytest.mark.parametrize(
    ("now", "since", "until"),
    [
        (datetime(2026, 11, 13, 20, tzinfo=UTC), "11-13 18:00", "11-14 10:00"),
        (datetime(2026, 11, 13, 1, tzinfo=UTC), "11-12 18:00", "11-13 10:00"),
        (datetime(2026, 11, 13, 13, tzinfo=UTC), "11-13 18:00", "11-14 10:00"),
    ],
)
def test_tonight_is_the_night_that_goes_on_or_comes(now: datetime, since: str, until: str) -> None:
    assert hours("why did orders fail tonight", now) == (since, until)


@pytest.mark.parametrize(("day", "length"), [("2026-03-29", 15), ("2026-10-25", 17)])
def test_a_night_is_as_long_as_the_clocks_make_it(day: str, length: int) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00+00:00")
    night = hours_meant(hints_for("last night"), noon, BERLIN)
    assert night is not None
    assert (night[1] - night[0]).total_seconds() == length * 3600


@pytest.mark.parametrize(("day", "length"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_on_which_the_clocks_change_is_whole(day: str, length: int) -> None:
    meant = hours_meant(hints_for(day), FRIDAY, BERLIN)
    assert meant is not None
    assert (meant[1] - meant[0]).total_seconds() == length * 3600


def test_the_day_is_that_of_the_cluster_and_not_of_greenwich() -> None:
    late = datetime(2026, 11, 13, 23, 30, tzinfo=UTC)
    assert hours("today", late, ZoneInfo("Asia/Tokyo")) == ("11-14 00:00", "11-15 00:00")
    assert hours("today", late, ZoneInfo("America/Lima")) == ("11-13 00:00", "11-14 00:00")


def test_a_day_without_a_year_is_the_latest_one() -> None:
    december = hours_meant(hints_for("on 24 Dec"), FRIDAY, BERLIN)
    leap = hours_meant(hints_for("on Feb 29"), FRIDAY, BERLIN)
    assert december is not None
    assert leap is not None
    assert december[1].astimezone(BERLIN).date().isoformat() == "2025-12-25"
    assert leap[1].astimezone(BERLIN).date().isoformat() == "2024-03-01"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-13-45", "on 2026-13-45"),
        ("2026-02-30", "on 2026-02-30"),
        ("30 Feb", "on 30 Feb"),
        ("Nov 31", "on 31 Nov"),
        ("31.04.2026", "on 31.04.2026"),
        ("2026-11-13T25:00", "on 2026-11-13t25:00"),
    ],
)
def test_a_day_that_no_calendar_has_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        hours_meant(hints_for(text), FRIDAY, BERLIN)
    assert hours_in_words(hints_for(text)) == said


@pytest.mark.parametrize(
    "text", ["load-today", "orders_monday", "monday.sales", "yesterday_sales", "v2026-11-13"]
)
def test_ids_that_hold_such_words_are_no_times(text: str) -> None:
    assert times_in(text) == ()
    assert without_times(text) == text


def test_a_date_wins_over_words_and_of_words_the_first_wins() -> None:
    assert times_in("failed today, as on 2026-11-10")[0].date == "2026-11-10"
    assert times_in("failed today and worked yesterday")[0].said == "today"


def test_letters_that_grow_in_lower_case_shift_nothing() -> None:
    assert without_times("\u0130\u0130 today etl").split() == ["\u0130\u0130", "etl"]


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    times_in(text)
    assert len(without_times(text)) <= len(text)
