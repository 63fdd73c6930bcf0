"""What is done in a pager moves the escalation once, and only where it is news."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.escalation_course import opened
from bot.domain.escalation_pager import Looked, done_in_pager, looked, pace
from bot.domain.escalations import Kind, PageNote, State
from bot.domain.oncall import PageSeen, PageState, PageStatus, Responder
from tests.contract.test_escalations import NOON, call

DANA, LEE = Responder("Dana", "U0DANA001"), Responder("Lee")
PAGED = replace(opened(call(1), "ID"), level=1, page=PageNote(1, PageStatus.PAGED, ("Dana",)))
HELD = replace(PAGED, state=State.ACKNOWLEDGED, responder="U0DANA001", hands=1)
BEFORE = Looked(PageState.OPEN, 0, ("Dana",))
LATER = NOON + timedelta(minutes=5)


def kind_of(escalation: object, before: Looked, seen: PageSeen) -> Kind | None:
    deed = done_in_pager(escalation, before, seen, "key", LATER)  # type: ignore[arg-type]
    return deed.kind if deed else None


def test_an_acknowledgement_counts_as_one_here_with_who_it_was() -> None:
    deed = done_in_pager(PAGED, BEFORE, PageSeen(PageState.ACKNOWLEDGED, DANA), "key", LATER)

    assert deed is not None
    assert (deed.kind, deed.by, deed.words) == (
        Kind.ACKNOWLEDGED,
        "U0DANA001",
        "Acknowledged in the pager by Dana.",
    )


def test_an_acknowledgement_that_was_seen_before_is_no_news() -> None:
    before = replace(BEFORE, state=PageState.ACKNOWLEDGED)
    assert kind_of(PAGED, before, PageSeen(PageState.ACKNOWLEDGED, DANA)) is None


@pytest.mark.parametrize(("minutes", "is_news"), [(-1, False), (1, True)])
def test_after_hands_here_an_acknowledgement_counts_where_it_is_the_later(
    minutes: float, is_news: bool
) -> None:
    handed_on = replace(PAGED, state=State.HANDED_ON, hands=2, since=NOON)
    at = NOON + timedelta(minutes=minutes)
    found = kind_of(handed_on, BEFORE, PageSeen(PageState.ACKNOWLEDGED, DANA, at=at))
    assert (found is Kind.ACKNOWLEDGED) is is_news


def test_what_somebody_has_already_is_not_acknowledged_once_more() -> None:
    assert kind_of(HELD, BEFORE, PageSeen(PageState.ACKNOWLEDGED, LEE)) is None


@pytest.mark.parametrize("escalation", [PAGED, HELD, replace(HELD, state=State.SNOOZED)])
def test_a_resolution_by_a_person_ends_it_in_every_state(escalation: object) -> None:
    assert kind_of(escalation, BEFORE, PageSeen(PageState.RESOLVED, LEE)) is Kind.RESOLVED


def test_what_the_pager_closed_by_itself_is_not_resolved_and_said_once() -> None:
    closed = PageSeen(PageState.RESOLVED)
    assert kind_of(PAGED, BEFORE, closed) is Kind.PAGE_FAILED
    noted = replace(PAGED, page=PageNote(1, PageStatus.FAILED))
    assert kind_of(noted, BEFORE, closed) is None


def test_who_it_was_given_to_there_has_it_here_by_name_where_slack_does_not_know_them() -> None:
    deed = done_in_pager(HELD, BEFORE, PageSeen(PageState.OPEN, assigned=(LEE,)), "key", LATER)

    assert deed is not None
    assert (deed.kind, deed.to) == (Kind.HANDED_ON, "Lee")


@pytest.mark.parametrize(
    ("before", "assigned"),
    [(Looked(), (LEE,)), (BEFORE, (DANA,)), (BEFORE, (DANA, LEE)), (BEFORE, ())],
)
def test_nobody_is_given_it_where_that_is_no_change(
    before: Looked, assigned: tuple[Responder, ...]
) -> None:
    assert kind_of(PAGED, before, PageSeen(PageState.OPEN, assigned=assigned)) is None


def test_an_incident_is_gone_only_once_two_looks_have_not_found_it() -> None:
    gone = PageSeen(PageState.GONE)
    assert kind_of(PAGED, BEFORE, gone) is None
    again = looked(BEFORE, gone, PAGED)
    assert kind_of(PAGED, again, gone) is Kind.PAGE_FAILED


def test_a_pager_that_does_not_answer_changes_nothing() -> None:
    silent = PageSeen(PageState.UNKNOWN, reason="down", retry_in=30)
    assert kind_of(PAGED, BEFORE, silent) is None
    assert looked(BEFORE, silent, HELD) == BEFORE


def test_looks_are_the_rarer_the_longer_nothing_happens() -> None:
    assert pace(PAGED, NOON) == 30
    assert pace(HELD, NOON) == 120
    assert pace(PAGED, NOON + timedelta(hours=1)) == 360
    assert pace(PAGED, NOON + timedelta(days=2)) == 600
