"""The figures of a gap report, and when it is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.gap_words import few_words, rows, share_words
from bot.domain.escalations import WasRight
from bot.domain.gap_reports import GapReport, WeekFigures
from bot.domain.outcomes import EndedConversation, Ending
from bot.learning.gaps import Tally, last_due
from tests.fakes.drafts import shipped
from tests.fakes.endings import UNTIL, ended


def tallied(*every: EndedConversation, weeks: int = 2) -> Tally:
    tally = Tally(UNTIL, weeks)
    for one in every:
        tally.take(one)
    return tally


def week(*every: EndedConversation) -> WeekFigures:
    return tallied(*every).figures()[-1]


def test_silence_counts_neither_as_solved_nor_as_wrong() -> None:
    found = week(ended(1), ended(2, Ending.OPEN), ended(3, Ending.SOLVED_BY_BOT))
    assert (found.questions, found.abandoned, found.said, found.alone) == (3, 1, 1, 1)
    assert (found.wrong, found.unanswered) == (0, 0)


def test_a_question_is_unanswered_where_the_bot_could_not_tell_and_that_was_no_help() -> None:
    unknown = {"verdict": "unknown", "cause": "unrecognised_error"}
    found = tallied(
        ended(1, **unknown),  # type: ignore[arg-type]
        ended(2, Ending.SOLVED_BY_HUMAN, **unknown),  # type: ignore[arg-type]
        ended(3, Ending.SOLVED_BY_BOT, **unknown),  # type: ignore[arg-type]
        ended(4, Ending.WRONG),
        ended(5, Ending.SOLVED_BY_HUMAN, bot=WasRight.NO, escalations=("E1",)),
    )
    assert [(one.cause, one.unanswered, one.wrong, one.questions) for one in found.causes({})] == [
        ("python_exception", 0, 2, 2),
        ("unrecognised_error", 2, 0, 3),
    ]


def test_a_human_was_called_in_vain_where_they_found_the_bot_to_be_right() -> None:
    human = Ending.SOLVED_BY_HUMAN
    found = week(
        ended(1, human, bot=WasRight.YES, escalations=("E1",)),
        ended(2, human, bot=WasRight.YES, escalations=("E1",)),
        ended(3, human, bot=WasRight.PARTLY, escalations=("E2",)),
        ended(4, human, escalations=("E3",)),
    )
    assert (found.escalations, found.told, found.needless) == (3, 2, 1)


def test_a_week_is_compared_with_the_one_before() -> None:
    before, now = tallied(ended(1, days=8), ended(2, days=7), ended(3, days=6.9)).figures()
    assert (before.questions, now.questions) == (1, 2)
    assert now.until == UNTIL


def test_what_is_about_no_failure_or_of_another_time_is_passed_over() -> None:
    found = tallied(ended(1, verdict=""), ended(2, days=15), ended(3, days=-1))
    assert [one.questions for one in found.figures()] == [0, 0]


def test_of_few_answers_no_95th_percentile_is_told() -> None:
    few = week(*(ended(n, seconds=float(n)) for n in range(1, 20)))
    many = week(*(ended(n, seconds=float(n)) for n in range(1, 101)))
    assert (few.p50, few.p95) == (10.0, None)
    assert (many.p50, many.p95) == (50.0, 95.0)


@pytest.mark.parametrize(("whole", "words"), [(0, "-"), (12, "3 of 12"), (20, "3 of 20 (15%)")])
def test_small_numbers_are_told_without_percent(whole: int, words: str) -> None:
    assert share_words(3, whole) == words


def test_a_report_on_few_words_says_so() -> None:
    start = UNTIL - timedelta(days=7)
    assert "single cases" in few_words(GapReport((WeekFigures(start, questions=40, said=3),)))
    assert few_words(GapReport((WeekFigures(start, questions=40, said=30),))) == ""


def test_without_a_week_before_there_is_nothing_to_compare_with() -> None:
    report = GapReport((WeekFigures(UNTIL - timedelta(days=7), questions=4),))
    assert {before for _, _, before in rows(report)} == {"-"}


def test_clusters_are_counted_by_side_week_by_week() -> None:
    found = tallied(
        ended(1, verdict="capacity"),
        ended(2, verdict="capacity", days=8),
        ended(3, cluster="eu"),
    ).clusters()
    assert [(one.cluster, one.questions) for one in found] == [("prod", 2), ("eu", 1)]
    assert [side.verdict for side in found[0].sides] == ["capacity", "capacity"]


def test_stale_and_disputed_runbooks_are_for_their_owners() -> None:
    known = shipped("connection_refused", "db_contention")
    tally = tallied(
        ended(1, Ending.WRONG, cause="connection_refused", verdict="dependency"),
        ended(2, Ending.SOLVED_BY_BOT, cause="connection_refused", verdict="dependency"),
    )
    (disputed,) = tally.reviews(known, date(2026, 11, 23))
    assert (disputed.cause, disputed.wrong, disputed.said) == ("connection_refused", 1, 2)
    stale = tally.reviews(known, date(2030, 1, 1))
    assert [one.cause for one in stale] == ["connection_refused", "db_contention"]
    assert all(one.due for one in stale)


@given(
    at=st.integers(0, 2 * 365 * 24 * 60).map(lambda n: UNTIL + timedelta(minutes=n)),
    weekday=st.integers(0, 6),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_a_report_is_due_once_a_week_by_the_clock_on_the_wall(
    at: datetime, weekday: int, hour: int, zone: str
) -> None:
    due = last_due(at, weekday, hour, zone)
    hours = timedelta(hours=2)  # a clock may be put forward or back
    assert timedelta() <= at - due <= timedelta(days=7) + hours
    assert last_due(due, weekday, hour, zone) == due


def test_the_hour_stays_when_the_clocks_are_put_back() -> None:
    found = [
        last_due(datetime(2026, 10, day, 12, tzinfo=UTC), 0, 9, "Europe/Berlin") for day in (19, 26)
    ]
    assert [one.hour for one in found] == [7, 8]
