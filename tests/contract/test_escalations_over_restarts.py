"""Whatever dies, and however many do the same at once: each step is taken once, in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.answers import Diagnosis
from bot.domain.conversations import Rating, Score, Turn
from bot.domain.escalation_course import Advanced, advance, opened
from bot.domain.escalation_policy import Policy, QuietHours, due
from bot.domain.escalation_rules import UNANSWERED
from bot.domain.escalations import Deed, Escalation, Kind, Rule, Severity, State
from bot.domain.questions import Asker, Intent, Origin, Question, ThreadKey
from tests.clockwork import Clockwork, Process, Steps, running
from tests.contract.test_escalations import NOON, call
from tests.slack.escalating import FakeOnCall
from tests.slack.replies import CAPACITY, CODE

Story = Sequence[tuple[float, Kind]]
Timeline = list[tuple[Kind, datetime]]
"""What was done, and when, to the second."""

POLICY = Policy(levels=2, expire_after=timedelta(days=2))
BERLIN = ZoneInfo("Europe/Berlin")
STORIES: dict[str, Story] = {
    "nobody comes": (),
    "acknowledged": ((3, Kind.ACKNOWLEDGED),),
    "acknowledged late": ((25, Kind.ACKNOWLEDGED),),
    "taken over": ((3, Kind.ACKNOWLEDGED), (7, Kind.TAKEN_OVER)),
    "handed on": ((3, Kind.ACKNOWLEDGED), (5, Kind.HANDED_ON)),
    "snoozed": ((3, Kind.SNOOZED),),
    "mitigated": ((3, Kind.ACKNOWLEDGED), (27, Kind.MITIGATED)),
    "resolved": ((3, Kind.ACKNOWLEDGED), (27, Kind.MITIGATED), (44, Kind.RESOLVED)),
    "opened again": ((3, Kind.RESOLVED), (33, Kind.REOPENED)),
}
"""Who does what after how many minutes; time does the rest."""


def pressed(kind: Kind, key: str, now: datetime) -> Deed:
    by = "U2" if kind is Kind.TAKEN_OVER else "U1"
    return Deed(f"{key} {kind.value}", kind, now, by, "U3", now + timedelta(hours=1))


def undisturbed(story: Story) -> Timeline:
    """As it goes where nothing ever dies."""
    escalation, timeline = opened(call(1), "ID"), [(Kind.OPENED, NOON)]
    presses = [(NOON + timedelta(minutes=minutes), kind) for minutes, kind in story]
    while (next_due := due(escalation, POLICY)) is not None or presses:
        if next_due is None or (presses and presses[0][0] < next_due.at):
            at, kind = presses.pop(0)
            deed = pressed(kind, "", at)
        else:
            at, kind = next_due.at, next_due.kind
            deed = Deed("", kind, at, moves=escalation.moves)
        come_to = advance(escalation, deed)
        assert isinstance(come_to, Advanced), come_to
        escalation = come_to.escalation
        timeline.append((kind, at))
        if kind is Kind.LEVEL_RAISED:
            timeline.append((Kind.PAGED, at))
    return timeline


async def timeline_of(clockwork: Clockwork, escalation: Escalation) -> Timeline:
    found = await clockwork.processes[0].escalations.deeds(escalation.id, 1_000)
    half = timedelta(seconds=0.5)
    return [(one.deed.kind, (one.deed.at + half).replace(microsecond=0)) for one in found]


def clockwork_of(url: str, now: datetime, policy: Policy = POLICY, **more: Any) -> Clockwork:
    """With two replicas where there can be two."""
    replicas = 1 if url.startswith("sqlite") else 2
    return Clockwork(url, policy, now, FakeOnCall(), replicas, is_deadly=True, **more)


async def test_restarted_at_every_step_in_every_state_all_goes_on_as_if_nothing_had_happened(
    database_url: str,
) -> None:
    async with running(clockwork_of(database_url, NOON)) as clockwork:
        told = {}
        for name in STORIES:
            called = await clockwork.processes[0].escalations.call(call(1, name))
            told[name] = called.escalation
        acts = sorted((at, name, kind) for name, story in STORIES.items() for at, kind in story)
        for minutes, name, kind in acts:
            await clockwork.until(NOON + timedelta(minutes=minutes))
            await clockwork.restart()
            deed = pressed(kind, told[name].id, clockwork.now)

            async def press(process: Process) -> object:
                return await process.escalator.do(told[name].id, deed)  # noqa: B023 (at once)

            assert all(isinstance(one, Advanced) for one in await clockwork.every(press)), name
        await clockwork.until(NOON + timedelta(days=4))
        found = {name: await timeline_of(clockwork, one) for name, one in told.items()}

    assert found == {name: undisturbed(story) for name, story in STORIES.items()}
    assert clockwork.lives > len(acts) + 20
    pages = {(page.key, page.level) for page in clockwork.on_call.pages}
    again = f"{told['opened again'].id}-2"
    assert {level for key, level in pages if key == again} == {1, 2}
    assert {level for key, level in pages if key == told["acknowledged"].id} == {1}


@pytest.mark.parametrize("saturday", [date(2026, 10, 24), date(2027, 3, 27)])
async def test_a_week_in_which_clocks_change_is_quiet_at_night_but_for_what_is_grave(
    database_url: str, saturday: date
) -> None:
    def local(days: int, clock: str) -> datetime:
        moment = datetime.combine(saturday + timedelta(days), time.fromisoformat(clock), BERLIN)
        return moment.astimezone(UTC)

    begun = local(0, "20:00")
    policy = replace(POLICY, quiet=QuietHours(time(22), time(7), BERLIN))
    calls = {
        "by night": (local(0, "23:30"), Severity.LOW),
        "grave by night": (local(1, "01:30"), Severity.HIGH),
        "in the evening": (local(2, "21:55"), Severity.NORMAL),
        "held": (local(3, "19:50"), Severity.NORMAL),
    }
    async with running(clockwork_of(database_url, begun, policy)) as clockwork:
        told = {}
        for name, (at, severity) in calls.items():
            await clockwork.until(at)
            made = replace(call(1, name, at), severity=severity)
            told[name] = (await clockwork.processes[0].escalations.call(made)).escalation
        await clockwork.until(local(3, "20:00"))
        await clockwork.processes[0].escalator.do(
            told["held"].id, pressed(Kind.ACKNOWLEDGED, "held", clockwork.now)
        )
        await clockwork.until(local(7, "23:00"))
        found = {name: await timeline_of(clockwork, one) for name, one in told.items()}

    def when(name: str, kind: Kind) -> list[str]:
        moments = [at.astimezone(BERLIN) for each, at in found[name] if each is kind]
        return [f"{at.date() - saturday}"[:1] + f" {at:%H:%M}" for at in moments]

    reminded = ["07:50", "08:20", "08:50", "09:20", "09:50", "10:20"]
    assert when("by night", Kind.LEVEL_RAISED) == ["1 07:00", "1 07:10"]
    assert when("by night", Kind.CHANNEL_CALLED) == ["1 07:20"]
    assert when("by night", Kind.REMINDED) == [f"1 {clock}" for clock in reminded]
    first = found["grave by night"][1]
    assert first == (Kind.LEVEL_RAISED, local(1, "01:30"))
    assert found["grave by night"][3][1] - first[1] == timedelta(minutes=10)
    assert when("in the evening", Kind.LEVEL_RAISED) == ["2 21:55", "3 07:00"]
    assert when("held", Kind.REMINDED)[:5] == [
        "4 07:00",
        "4 11:00",
        "4 15:00",
        "4 19:00",
        "5 07:00",
    ]
    assert all([kind for kind, _ in one].count(Kind.EXPIRED) == 1 for one in found.values())


def turn(number: int, reply: Diagnosis) -> Turn:
    thread = ThreadKey("T1", "C1", "1.0001")
    asker = Asker("U1", "T1")
    asked = Question(
        f"T1:C1:{number}.0001", Origin.SLACK, asker, thread, f"{number}.0001", "why?", NOON
    )
    reply = replace(reply, target=replace(reply.target, run_id=f"run {number}"))
    return Turn(asked.id, asked, Intent.DIAGNOSE, reply, None, NOON, 0.1, None)


Fires = Callable[[Process, Steps], Awaitable[None]]


async def nobody_reacted(process: Process, steps: Steps) -> None:
    await process.escalator.unanswered(turn(1, CODE).id, UNANSWERED)


async def two_thumbs_down(process: Process, steps: Steps) -> None:
    for user in ("U1", "U2"):
        await process.escalator.rated(Rating(turn(1, CODE).id, user, Score.DOWN, NOON))


async def second_failure(process: Process, steps: Steps) -> None:
    await process.escalator.answered(turn(2, CAPACITY), steps)


@pytest.mark.parametrize(
    ("fires", "rule"),
    [
        (nobody_reacted, Rule.UNANSWERED),
        (two_thumbs_down, Rule.DOWN_TWICE),
        (second_failure, Rule.THRESHOLD),
    ],
)
async def test_a_rule_fires_once_over_restarts_and_replicas(
    database_url: str, fires: Fires, rule: Rule
) -> None:
    clockwork = clockwork_of(database_url, NOON, thresholds="2 occurrences in 1h")
    await clockwork.turns.add_turn(turn(1, CODE))
    if rule is Rule.DOWN_TWICE:
        for user in ("U1", "U2"):
            await clockwork.turns.rate(Rating(turn(1, CODE).id, user, Score.DOWN, NOON))
    clockwork.is_deadly = False
    async with running(clockwork):
        first = clockwork.processes[0]
        if rule is Rule.THRESHOLD:
            for _ in range(2):
                await first.escalator.answered(turn(1, CAPACITY), Steps(clockwork, first, "first"))
        assert await first.escalations.list() == []
        for _ in range(3):
            await clockwork.every(lambda one: fires(one, Steps(clockwork, one, "rule")))
            await clockwork.restart()
        (escalation,) = await clockwork.processes[0].escalations.list()

    assert (escalation.fired.rule, escalation.count) == (rule, 1)
    assert escalation.state is State.OPEN


FAILURES, CAUSES, MINUTES = 1_000, 12, 5


async def test_a_thousand_failures_from_twelve_causes_are_twelve_cards_changed_once_a_minute(
    database_url: str,
) -> None:
    clockwork = clockwork_of(database_url, NOON)
    clockwork.is_deadly = False
    async with running(clockwork):
        for minute in range(MINUTES):
            calls = [
                replace(call(number, f"cause {number % CAUSES}", clockwork.now), party=None)
                for number in range(minute, FAILURES, MINUTES)
            ]
            # Each process has its half, and some that the other has as well.
            middle = len(calls) // 2
            halves = (calls[: middle + 5], calls[middle - 5 :])

            async def storm(process: Process) -> None:
                mine = halves[clockwork.processes.index(process) % 2]  # noqa: B023 (at once)
                if len(clockwork.processes) == 1:
                    mine = calls  # noqa: B023
                await asyncio.gather(*(process.escalations.call(one) for one in mine))

            await clockwork.every(storm)
            await clockwork.until(clockwork.now + timedelta(minutes=1))
        await clockwork.until(clockwork.now + timedelta(minutes=1))
        found = await clockwork.processes[0].escalations.list()
        changes = clockwork.told(Kind.JOINED)

    assert len(found) == CAUSES
    assert sum(one.count for one in found) == FAILURES
    assert {one.level for one in found} == {1}
    assert len(clockwork.on_call.pages) == CAUSES * clockwork.replicas
    assert set(changes) == {one.id for one in found}
    assert max(changes.values()) <= MINUTES + 1
