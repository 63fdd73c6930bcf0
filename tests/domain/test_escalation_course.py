"""The course of an escalation, whatever people do and however time passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.escalation_course import Advanced, Refused, advance, opened
from bot.domain.escalation_policy import Policy, QuietHours, due
from bot.domain.escalations import (
    Call,
    Deed,
    Escalation,
    Fired,
    Kind,
    Rule,
    Severity,
    State,
    Subject,
)
from bot.domain.oncall import PageStatus

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANN, BEN = "U0ANN", "U0BEN"
POLICY = Policy(levels=2)
BY_PEOPLE = (
    Kind.ACKNOWLEDGED,
    Kind.TAKEN_OVER,
    Kind.HANDED_ON,
    Kind.SNOOZED,
    Kind.MITIGATED,
    Kind.RESOLVED,
)
_keys = count()


def new(severity: Severity = Severity.NORMAL, at: datetime = NOON) -> Escalation:
    fired = Fired(Rule.ASKED_FOR, "Somebody asked.")
    return opened(Call("q1", "prod:oom", fired, severity, Subject("OOM"), at), "E1")


def deed(kind: Kind, by: str = ANN, at: datetime = NOON, seen: int | None = None) -> Deed:
    return Deed(f"deed {next(_keys)}", kind, at, by, BEN, at + timedelta(hours=1), seen=seen)


def done(escalation: Escalation, *deeds: Deed) -> Escalation:
    for one in deeds:
        come_to = advance(escalation, one)
        assert isinstance(come_to, Advanced), come_to
        escalation = come_to.escalation
    return escalation


def left_alone(escalation: Escalation, policy: Policy = POLICY) -> list[tuple[Kind, datetime]]:
    """What time does to it, until it is over."""
    course: list[tuple[Kind, datetime]] = []
    for _ in range(100):
        next_due = due(escalation, policy)
        if next_due is None:
            return course
        course.append((next_due.kind, next_due.at))
        escalation = done(escalation, Deed("t", next_due.kind, next_due.at, moves=escalation.moves))
    raise AssertionError(f"it does not end: {course[-3:]}")


def test_nobody_acknowledges_so_each_level_is_called_then_the_channel_then_it_expires() -> None:
    course = left_alone(new())

    minutes = [(kind, (at - NOON).total_seconds() / 60) for kind, at in course]
    assert minutes[:4] == [
        (Kind.LEVEL_RAISED, 0),
        (Kind.LEVEL_RAISED, 10),
        (Kind.CHANNEL_CALLED, 20),
        (Kind.REMINDED, 50),
    ]
    assert [kind for kind, _ in course].count(Kind.REMINDED) == POLICY.reminders
    assert minutes[-1] == (Kind.EXPIRED, 3 * 24 * 60)


def test_without_anybody_on_call_the_channel_is_called_at_once() -> None:
    assert left_alone(new(), Policy())[0] == (Kind.CHANNEL_CALLED, NOON)


def test_an_acknowledgement_ends_the_calling() -> None:
    acknowledged = done(new(), deed(Kind.ACKNOWLEDGED))

    assert (acknowledged.state, acknowledged.responder) == (State.ACKNOWLEDGED, ANN)
    kinds = {kind for kind, _ in left_alone(acknowledged)}
    assert kinds == {Kind.REMINDED, Kind.EXPIRED}


def test_whoever_is_handed_it_and_stays_silent_loses_it_to_the_next_level() -> None:
    handed = done(new(), deed(Kind.ACKNOWLEDGED), deed(Kind.HANDED_ON))
    assert (handed.state, handed.responder) == (State.HANDED_ON, BEN)

    raised = done(handed, Deed("t", Kind.LEVEL_RAISED, NOON, moves=handed.moves))
    assert (raised.state, raised.responder, raised.level) == (State.OPEN, "", 1)


def test_a_snooze_ends_with_whoever_snoozed_being_asked_again() -> None:
    snoozed = done(new(), deed(Kind.SNOOZED))
    waking = due(snoozed, POLICY)
    assert waking is not None
    assert (waking.kind, waking.at) == (Kind.WOKEN, NOON + timedelta(hours=1))

    woken = done(snoozed, Deed("t", Kind.WOKEN, waking.at, moves=snoozed.moves))
    assert (woken.state, woken.responder) == (State.HANDED_ON, ANN)


@pytest.mark.parametrize(
    ("severity", "hour"), [(Severity.NORMAL, 7), (Severity.HIGH, 1)], ids=["normal", "high"]
)
def test_a_snooze_ends_in_quiet_hours_for_what_cannot_wait_alone(
    severity: Severity, hour: int
) -> None:
    policy = replace(POLICY, quiet=QuietHours(time(22), time(7), ZoneInfo("UTC")))
    until = NOON.replace(hour=1) + timedelta(days=1)
    snoozed = done(new(severity), replace(deed(Kind.SNOOZED), until=until))
    waking = due(snoozed, policy)
    assert waking is not None
    assert waking.at == until.replace(hour=hour)


def test_after_a_level_without_people_the_next_one_is_called_at_once() -> None:
    called = done(new(), Deed("1", Kind.LEVEL_RAISED, NOON, moves=0))
    empty = Deed("p", Kind.PAGED, NOON, level=1, status=PageStatus.NAMED)
    for names, pause in (("Ann",), POLICY.acknowledge_within), ((), timedelta()):
        paged = done(called, replace(empty, names=names))
        coming = due(paged, POLICY)
        assert coming is not None
        assert (coming.kind, coming.at - NOON) == (Kind.LEVEL_RAISED, pause)
        assert (paged.moves > called.moves) is (not names)


def test_the_first_call_waits_for_the_end_of_the_quiet_hours_and_no_other_does() -> None:
    night = NOON.replace(hour=23)
    policy = replace(POLICY, quiet=QuietHours(time(22), time(7), ZoneInfo("UTC")))
    waiting = new(Severity.NORMAL, night)
    assert policy.first_call(waiting) == datetime(2026, 11, 23, 7, tzinfo=UTC)
    raised = Deed("1", Kind.LEVEL_RAISED, night, moves=0)
    handed = deed(Kind.HANDED_ON, at=night + timedelta(minutes=1))
    for other in (done(waiting, raised), done(waiting, handed), new(Severity.HIGH, night)):
        assert policy.first_call(other) is None


def test_a_level_that_was_passed_by_then_no_longer_says_what_became_of_its_page() -> None:
    first = done(new(), Deed("1", Kind.LEVEL_RAISED, NOON, moves=0))
    second = done(first, Deed("2", Kind.LEVEL_RAISED, NOON, moves=1))
    late = Deed("p", Kind.PAGE_FAILED, NOON, level=1, status=PageStatus.FAILED)
    assert done(second, late).page is None


def test_what_was_true_is_said_once_it_is_resolved_and_changes_nothing_else() -> None:
    assert isinstance(advance(new(), deed(Kind.EXPLAINED)), Refused)
    resolved = done(new(), deed(Kind.RESOLVED))
    assert done(resolved, deed(Kind.EXPLAINED)) == replace(resolved, version=resolved.version + 1)


@pytest.mark.parametrize(
    "kind", sorted(set(Kind) - {Kind.REOPENED, Kind.EXPLAINED, Kind.FORGOTTEN})
)
@pytest.mark.parametrize("end", [Kind.RESOLVED, Kind.EXPIRED])
def test_when_it_is_over_it_can_only_be_opened_again(end: Kind, kind: Kind) -> None:
    over = done(new(), replace(deed(end), moves=0))
    assert isinstance(advance(over, replace(deed(kind), moves=over.moves)), Refused)
    reopened = done(over, deed(Kind.REOPENED))
    assert (reopened.state, reopened.level, reopened.responder) == (State.OPEN, 0, "")


@pytest.mark.parametrize("first", BY_PEOPLE)
@pytest.mark.parametrize("second", BY_PEOPLE)
def test_of_two_simultaneous_presses_the_first_counts_and_a_resolution_always(
    first: Kind, second: Kind
) -> None:
    escalation = new()
    after_first = done(escalation, deed(first, ANN, seen=escalation.hands))
    come_to = advance(after_first, deed(second, BEN, seen=escalation.hands))
    if second is Kind.RESOLVED and first is not Kind.RESOLVED:
        assert isinstance(come_to, Advanced)
        assert come_to.escalation.state is State.RESOLVED
    else:
        assert isinstance(come_to, Refused)


def test_a_graver_failure_that_joins_breaks_the_quiet_hours() -> None:
    night = NOON.replace(hour=23)
    policy = replace(POLICY, quiet=QuietHours(time(22), time(7), ZoneInfo("UTC")))
    calm = new(Severity.LOW, night)
    waiting = due(calm, policy)
    assert waiting is not None
    assert waiting.at == datetime(2026, 11, 23, 7, tzinfo=UTC)

    joined = done(calm, replace(deed(Kind.JOINED, at=night), severity=Severity.HIGH))
    assert joined.moves == calm.moves + 1
    at_once = due(joined, policy)
    assert at_once is not None
    assert at_once.at == night


@settings(max_examples=200)
@given(
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    minutes=st.integers(0, 1_000_000),
)
def test_quiet_hours_end_by_the_clock_within_a_day_also_where_clocks_change(
    start: time, end: time, zone: str, minutes: int
) -> None:
    quiet = QuietHours(
        start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0), ZoneInfo(zone)
    )
    moment = NOON + timedelta(minutes=minutes)
    told = quiet.over(moment, Severity.LOW)

    assert moment <= told <= moment + timedelta(hours=25)
    assert quiet.over(moment, Severity.HIGH) == moment
    if told > moment:
        clock = told.astimezone(quiet.zone)
        # A time that clocks skip is told by the clock after it.
        assert clock.time().replace(tzinfo=None) >= quiet.end
        assert quiet.over(told, Severity.LOW) == told


def test_hours_that_end_in_an_hour_that_clocks_skip_end_after_it() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    quiet = QuietHours(time(22), time(2, 30), berlin)
    told = quiet.over(datetime(2027, 3, 27, 23, tzinfo=berlin).astimezone(UTC), Severity.LOW)

    assert told.astimezone(berlin).time() == time(3, 30)


class Course(RuleBasedStateMachine):
    """People press at random on cards of any age, time does what is due, failures join."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.escalation = new()
        self.fired: set[tuple[Kind, int]] = set()

    def attempt(self, one: Deed) -> None:
        before = self.escalation
        match advance(before, one):
            case Advanced(after):
                assert after.version == before.version + 1
                assert after.moves in (before.moves, before.moves + 1)
                assert not before.state.is_over or one.kind is Kind.REOPENED
                self.escalation = after
            case Refused(reason):
                assert reason

    @rule(
        kind=st.sampled_from((*BY_PEOPLE, Kind.REOPENED)),
        by=st.sampled_from([ANN, BEN]),
        behind=st.integers(0, 2),
    )
    def press(self, kind: Kind, by: str, behind: int) -> None:
        self.attempt(deed(kind, by, self.now, seen=max(0, self.escalation.hands - behind)))

    @rule(severity=st.sampled_from(Severity))
    def join(self, severity: Severity) -> None:
        self.attempt(replace(deed(Kind.JOINED, "", self.now), severity=severity))

    @rule(hours=st.integers(0, 30))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @precondition(lambda self: due(self.escalation, POLICY) is not None)
    @rule(late=st.booleans())
    def time_passes(self, late: bool) -> None:
        escalation, next_due = self.escalation, due(self.escalation, POLICY)
        assert next_due is not None
        self.now = max(self.now, next_due.at)
        of_time = Deed("t", next_due.kind, self.now, moves=escalation.moves)
        if late:
            self.attempt(deed(Kind.MITIGATED, ANN, self.now))
        if self.escalation.moves == escalation.moves:
            fired = (next_due.kind, escalation.moves)
            assert fired not in self.fired
            self.fired.add(fired)
            self.attempt(of_time)
        # Tried again, by whoever thinks it is still due, it changes nothing.
        assert isinstance(advance(self.escalation, of_time), Refused)

    @invariant()
    def left_alone_it_ends(self) -> None:
        left_alone(self.escalation)

    @invariant()
    def what_is_due_is_not_before_it_began(self) -> None:
        next_due = due(self.escalation, POLICY)
        assert next_due is None or next_due.at >= min(self.escalation.since, NOON)

    @invariant()
    def levels_are_only_those_that_there_are(self) -> None:
        assert 0 <= self.escalation.level <= POLICY.levels


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=40, stateful_step_count=20)
