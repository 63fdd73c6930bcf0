"""What every store of escalations does alike: on both databases, and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.escalations import SqlEscalations
from bot.domain.escalation_course import Advanced, Refused
from bot.domain.escalation_policy import Policy
from bot.domain.escalation_rules import Occurrence
from bot.domain.escalation_work import DUE, TOLD, EscalationTold
from bot.domain.escalations import (
    Call,
    Deed,
    Fired,
    Kind,
    Party,
    Reach,
    Rule,
    Severity,
    State,
    Subject,
    Touched,
    Truth,
    WasRight,
)
from bot.domain.questions import ThreadKey
from bot.domain.verdicts import VerdictKind
from bot.domain.work import Job
from bot.services.escalation_ports import BridgedThread, Card, Escalations
from tests.fakes.escalations import FakeEscalations

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
POLICY = Policy(levels=2)
FIRED = Fired(Rule.ASKED_FOR, "Somebody asked.")
SUBJECT = Subject("Out of memory", "why?", "t1", VerdictKind.CAPACITY, "oom_killed", "platform")


def thread(number: int) -> ThreadKey:
    return ThreadKey("T1", "C1", f"{number}.0001")


def party(number: int) -> Party:
    return Party(thread(number), f"U{number}", f"status {number}", f"turn {number}")


def call(number: int, incident: str = "prod:oom", at: datetime = NOON) -> Call:
    reach = (Reach(Touched.CLUSTER, "prod"), Reach(Touched.DAG, f"prod.dag{number}"))
    return Call(
        f"call {incident} {number}",
        incident,
        FIRED,
        Severity.NORMAL,
        SUBJECT,
        at,
        party(number),
        reach,
    )


def deed(kind: Kind, key: str = "", **more: object) -> Deed:
    return replace(Deed(key or f"deed {kind.value}", kind, NOON, by="U9"), **more)  # type: ignore[arg-type]


@dataclass
class Case:
    """One implementation; `jobs` is the work that its changes brought about."""

    escalations: Escalations
    jobs: list[Job] = field(default_factory=list)

    def told(self) -> list[tuple[Kind, bool]]:
        """What is told of, and whether it is told one party alone."""
        bodies = [job.body for job in self.jobs if job.kind == TOLD]
        return [(b.deed.kind, b.party is not None) for b in bodies if isinstance(b, EscalationTold)]

    def delays(self) -> list[float]:
        return [job.delay for job in self.jobs if job.kind == DUE]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    jobs: list[Job] = []
    if request.param == "memory":
        yield Case(FakeEscalations(jobs.append, POLICY, lambda: NOON), jobs)
        return
    name = "sqlite_url" if request.param == "sqlite" else "postgres"
    found = request.getfixturevalue(name)
    engine = create_engine(found if isinstance(found, str) else found.url)

    def enqueue(_: Connection, job: Job) -> None:
        jobs.append(job)

    yield Case(SqlEscalations(engine, enqueue, POLICY, clock=lambda: NOON), jobs)
    await engine.dispose()


async def test_a_call_opens_an_escalation_and_hands_in_what_follows(case: Case) -> None:
    called = await case.escalations.call(call(1))

    assert called.is_new
    assert await case.escalations.get(called.escalation.id) == called.escalation
    assert case.told() == [(Kind.OPENED, False)]
    assert case.delays() == [0.0]


async def test_calls_of_one_incident_join_and_the_count_is_shown_once_a_minute(case: Case) -> None:
    first = await case.escalations.call(call(1))
    for number in range(2, 6):
        joined = await case.escalations.call(call(number))
        assert joined.escalation.id == first.escalation.id

    assert joined.escalation.count == 5
    assert case.told().count((Kind.JOINED, True)) == 4
    assert case.told().count((Kind.JOINED, False)) == 1
    counting = [job.delay for job in case.jobs if ":count:" in job.key]
    assert counting == [60.0]

    await case.escalations.counted(first.escalation.id)
    await case.escalations.call(call(6))
    assert case.told().count((Kind.JOINED, False)) == 2


async def test_a_call_is_counted_once(case: Case) -> None:
    await case.escalations.call(call(1))
    again = await case.escalations.call(call(1))

    assert again.is_known
    assert again.escalation.count == 1
    assert len(case.told()) == 1


async def test_other_incidents_are_other_escalations(case: Case) -> None:
    one = await case.escalations.call(call(1, "a"))
    other = await case.escalations.call(call(1, "b"))
    assert one.escalation.id != other.escalation.id


async def test_many_calls_at_once_of_four_incidents_are_four_escalations(case: Case) -> None:
    calls = [call(number, f"incident {number % 4}") for number in range(40)]
    called = await asyncio.gather(*(case.escalations.call(one) for one in calls))

    assert sum(one.is_new for one in called) == 4
    escalations = await case.escalations.list()
    assert [one.count for one in escalations] == [10] * 4
    (cluster, dags) = await case.escalations.reach(escalations[0].id)
    assert (cluster.count, dags.count, len(dags.names)) == (1, 10, 5)


async def test_what_joins_too_late_is_another_incident(case: Case) -> None:
    first = await case.escalations.call(call(1))
    late = NOON + POLICY.join_within + timedelta(seconds=1)
    second = await case.escalations.call(call(2, at=late))

    assert second.is_new
    assert (await case.escalations.list([State.OPEN]))[1].id == first.escalation.id


async def test_a_deed_is_done_once_and_what_follows_is_handed_in_with_it(case: Case) -> None:
    opened = (await case.escalations.call(call(1))).escalation
    acknowledge = deed(Kind.ACKNOWLEDGED, seen=0)
    for _ in range(2):
        come_to = await case.escalations.do(opened.id, acknowledge)
        assert isinstance(come_to, Advanced)
        assert (come_to.escalation.state, come_to.escalation.version) == (State.ACKNOWLEDGED, 2)

    assert case.told()[1:] == [(Kind.ACKNOWLEDGED, False)]
    assert case.delays() == [0.0, 4 * 3600.0]
    assert [one.deed.kind for one in await case.escalations.deeds(opened.id)] == [
        Kind.OPENED,
        Kind.ACKNOWLEDGED,
    ]


async def test_of_many_simultaneous_presses_one_counts(case: Case) -> None:
    opened = (await case.escalations.call(call(1))).escalation
    presses = [deed(Kind.ACKNOWLEDGED, f"press {n}", by=f"U{n}", seen=0) for n in range(10)]
    come_to = await asyncio.gather(*(case.escalations.do(opened.id, one) for one in presses))

    assert sum(isinstance(one, Advanced) for one in come_to) == 1


async def test_what_is_refused_changes_nothing(case: Case) -> None:
    opened = (await case.escalations.call(call(1))).escalation
    refused = await case.escalations.do(opened.id, deed(Kind.ACKNOWLEDGED, seen=5))

    assert isinstance(refused, Refused)
    assert await case.escalations.get(opened.id) == opened
    assert isinstance(await case.escalations.do("gone", deed(Kind.RESOLVED)), Refused)


async def test_after_the_end_the_next_failure_is_a_new_incident(case: Case) -> None:
    first = (await case.escalations.call(call(1))).escalation
    truth = Truth(first.id, "U9", NOON, "A leak", "Restarted it", WasRight.PARTLY, "oom_killed")
    await case.escalations.do(first.id, deed(Kind.RESOLVED), truth)
    second = await case.escalations.call(call(2))

    assert second.is_new
    assert await case.escalations.truth(first.id) == truth
    reopened = await case.escalations.do(first.id, deed(Kind.REOPENED))
    assert isinstance(reopened, Refused)


async def test_what_was_resolved_too_early_is_opened_again_and_joined(case: Case) -> None:
    first = (await case.escalations.call(call(1))).escalation
    await case.escalations.do(first.id, deed(Kind.RESOLVED))
    await case.escalations.do(first.id, deed(Kind.REOPENED))

    assert (await case.escalations.call(call(2))).escalation.id == first.id


async def test_parties_and_deeds_are_read_page_by_page(case: Case) -> None:
    first = (await case.escalations.call(call(1))).escalation
    for number in range(2, 8):
        await case.escalations.call(call(number))

    assert await case.escalations.party_count(first.id) == 7
    pages = [await case.escalations.parties(first.id, 3, start) for start in (0, 3, 6)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in page] == [party(number) for number in range(1, 8)]
    assert [one.number for one in await case.escalations.deeds(first.id, 2, 5)] == [6, 7]


async def test_an_escalation_is_found_by_the_threads_that_it_joins(case: Case) -> None:
    first = (await case.escalations.call(call(1))).escalation
    await case.escalations.put_card(first.id, Card("C0ONCALL", "9.9"))

    for known in (thread(1), ThreadKey("T1", "C0ONCALL", "9.9")):
        assert [one.id for one in await case.escalations.of_thread(known)] == [first.id]
    assert await case.escalations.of_thread(thread(2)) == []
    assert await case.escalations.card(first.id) == Card("C0ONCALL", "9.9")

    await case.escalations.do(first.id, deed(Kind.RESOLVED))
    assert await case.escalations.of_thread(thread(1)) == []


async def test_words_are_carried_from_each_thread_since_it_joined_until_the_end(case: Case) -> None:
    first = (await case.escalations.call(call(1))).escalation
    later = NOON + timedelta(minutes=5)
    await case.escalations.call(call(2, at=later))
    await case.escalations.put_card(first.id, Card("C0ONCALL", "9.9"))

    assert await case.escalations.bridged() == [
        BridgedThread("C0ONCALL", "9.9", NOON),
        BridgedThread("C1", "1.0001", NOON, workspace="T1"),
        BridgedThread("C1", "2.0001", later, workspace="T1"),
    ]
    await case.escalations.do(first.id, deed(Kind.RESOLVED))
    assert await case.escalations.bridged() == []


async def test_a_thread_that_was_opened_for_somebody_takes_the_place_of_theirs(case: Case) -> None:
    alone = Party.alone("T1", "U1")
    first = (await case.escalations.call(replace(call(1), party=alone))).escalation
    opened = ThreadKey("T1", "D1", "5.5")
    assert await case.escalations.bridged() == []
    await case.escalations.move_party(first.id, alone.thread, opened)
    await case.escalations.call(replace(call(2), party=alone))
    await case.escalations.move_party(first.id, alone.thread, opened)

    (known,) = await case.escalations.parties(first.id)
    assert (known.thread, known.user_id) == (opened, "U1")
    assert await case.escalations.party(first.id, opened) == known
    assert await case.escalations.party(first.id, alone.thread) is None
    assert [one.ts for one in await case.escalations.bridged()] == ["5.5"]


async def test_open_ones_are_found_by_whom_they_concern_with_where_to_follow_them(
    case: Case,
) -> None:
    escalations = case.escalations
    first = (await escalations.call(call(1, "a"))).escalation
    await escalations.call(replace(call(2, "a"), party=replace(party(2), user_id="U1")))
    alone = Party.alone("T1", "U1")
    direct = (await escalations.call(replace(call(3, "b"), party=alone))).escalation
    over = (await escalations.call(replace(call(4, "c"), party=party(1)))).escalation
    for one, kind in ((first, Kind.TAKEN_OVER), (direct, Kind.TAKEN_OVER), (over, Kind.RESOLVED)):
        await escalations.do(one.id, deed(kind, f"{one.id} {kind}"))
    await escalations.put_card(first.id, Card("C9", "9.9"))

    asked = {c.escalation.id: c.thread for c in await escalations.concerning("T1", "U1")}
    held = {c.escalation.id: c.thread for c in await escalations.concerning("T1", "U9")}
    assert asked == {first.id: party(2).thread, direct.id: None}
    assert held == {first.id: ThreadKey("", "C9", "9.9"), direct.id: None}
    assert await escalations.concerning("T2", "U1") == []


async def test_who_asks_in_the_same_thread_is_told_by_the_message_that_is_there(case: Case) -> None:
    await case.escalations.call(call(1))
    await case.escalations.call(replace(call(2), party=replace(party(1), message="another")))

    told = [job.body for job in case.jobs if job.kind == TOLD]
    parties = [one.party for one in told if isinstance(one, EscalationTold) and one.party]
    assert parties == [party(1)]


async def test_words_that_were_deleted_are_forgotten_however_they_called(case: Case) -> None:
    by_words = replace(call(1, "a"), key="T1:C1:1.0001:unknown")
    pressed = replace(party(2), turn_id="T1:C1:2.0001")
    by_button = replace(call(2, "b"), key="T1:C1:9.9:press", party=pressed)
    other = (await case.escalations.call(call(3, "c"))).escalation
    for each, fragment in ((by_words, "T1:C1:1.0001"), (by_button, "T1:C1:2.0001")):
        called = (await case.escalations.call(each)).escalation
        for _ in range(2):
            assert await case.escalations.forget(fragment) == [called.id]
        found = await case.escalations.get(called.id)
        assert found is not None
        assert (found.subject.question, found.subject.turn_id, found.moves) == ("", "", 0)
        assert case.told()[-1] == (Kind.FORGOTTEN, False)
    assert await case.escalations.get(other.id) == other


async def test_a_name_is_taken_out_but_where_somebody_is_to_be_told_alone(case: Case) -> None:
    escalations = case.escalations
    alone, elsewhere = Party.alone("T1", "U1"), replace(party(2), user_id="U1")
    first = (await escalations.call(replace(call(1, "a"), party=alone))).escalation
    await escalations.call(replace(call(2, "a"), party=elsewhere))
    await escalations.call(call(3, "a"))
    unsaid = replace(call(4, "a"), party=replace(party(4), user_id="U1"), is_nameless=True)
    await escalations.call(unsaid)

    async def names() -> tuple[list[str], list[str]]:
        told = [one.user_id for one in await escalations.parties(first.id)]
        return told, [one.deed.by for one in await escalations.deeds(first.id)]

    assert await names() == (["U1", "U1", "U3", "U1"], ["U1", "U1", "U3", ""])
    await escalations.unname("T2", "U1")
    await escalations.unname("T1", "U1")
    assert await names() == (["U1", "", "U3", ""], ["", "", "U3", ""])
    await escalations.do(first.id, deed(Kind.RESOLVED))
    await escalations.unname("T1", "U1")
    assert await names() == (["", "U3", ""], ["", "", "U3", "", "U9"])


async def test_a_failure_occurs_once_however_often_it_is_seen(case: Case) -> None:
    hour = timedelta(hours=1)
    seen = Occurrence(NOON - timedelta(minutes=5), "prod:a", "prod:a:t", "host")
    old = replace(seen, at=NOON - timedelta(hours=2))
    await case.escalations.occurred("prod:oom", "f0", old, hour)
    await case.escalations.occurred("prod:other", "f1", seen, hour)
    for _ in range(2):
        found = await case.escalations.occurred("prod:oom", "f1", seen, hour)

    assert list(found) == [seen]


async def test_only_what_is_over_and_taught_nothing_is_forgotten(case: Case) -> None:
    over = (await case.escalations.call(call(1, "a"))).escalation
    active = (await case.escalations.call(call(2, "b"))).escalation
    await case.escalations.do(over.id, deed(Kind.RESOLVED))

    known = (await case.escalations.call(call(3, "c"))).escalation
    truth = Truth(known.id, "U9", NOON, "A leak", "Restarted it", WasRight.YES)
    await case.escalations.do(known.id, deed(Kind.RESOLVED, "known"), truth)

    assert await case.escalations.tidy(NOON + timedelta(days=1)) == 1
    assert {one.id for one in await case.escalations.list()} == {active.id, known.id}
    assert await case.escalations.deeds(over.id) == []
