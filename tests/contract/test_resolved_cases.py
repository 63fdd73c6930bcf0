"""Resolved cases, how they fare and what waits for a decision, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.audit import SqlAuditLog
from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.preferences import SqlPreferences
from bot.adapters.sql.reviews import SqlReviewQueue
from bot.adapters.sql.store import SqlConversationStore
from bot.adapters.sql.talk import SqlTalkRecords
from bot.domain.audit import AuditQuery
from bot.domain.conversations import Score
from bot.domain.errors import BadRequest
from bot.domain.resolved_cases import CaseQuery, CaseRecord, CaseState, ResolvedCase
from bot.domain.reviews import ReviewDecision, ReviewItem, ReviewKind, ReviewQuery, ReviewState
from bot.services.talk import MessageKey
from tests.contract.serving import serve, serve_and_rate
from tests.fakes.cases import (
    CASE,
    ENGINEER,
    MANAGER,
    NOON,
    SAID,
    STRUCTURE,
    WORKSPACE,
    approved,
    case,
    entry,
)
from tests.fakes.turns import turn


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url)
    yield engine
    await engine.dispose()


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def cases(engine: AsyncEngine) -> SqlResolvedCases:
    return SqlResolvedCases(engine, clock=Clock(), redact=lambda text: text.replace("hunter2", "…"))


@pytest.fixture
def reviews(engine: AsyncEngine) -> SqlReviewQueue:
    return SqlReviewQueue(engine)


async def put_approved(cases: SqlResolvedCases, one: ResolvedCase) -> None:
    assert await cases.add(one, [SAID])
    assert await cases.decide(approved(one), CaseState.DRAFT, entry(f"approve:{one.id}"))


async def test_a_draft_comes_back_redacted_with_its_sources_and_waits_for_review(
    cases: SqlResolvedCases, reviews: SqlReviewQueue
) -> None:
    said = replace(CASE, fix="The password was hunter2")
    assert await cases.add(said, [SAID, SAID])
    known = await cases.get(CASE.id)
    assert known is not None
    assert known.case == replace(CASE, fix="The password was …")
    assert known.record == CaseRecord()
    assert await cases.sources(CASE.id) == [SAID]
    (item,) = (await reviews.page(ReviewQuery())).items
    assert (item.kind, item.subject, item.state) == (ReviewKind.CASE, CASE.id, ReviewState.OPEN)
    assert item.title.startswith("orders.load cannot be imported ModuleNotFoundError")
    assert await cases.get("NOBODY") is None


async def test_a_draft_may_be_drafted_again_but_not_once_it_is_decided(
    cases: SqlResolvedCases, reviews: SqlReviewQueue
) -> None:
    await cases.add(CASE, [SAID])
    assert await cases.add(replace(CASE, fix="Rolled back."), [])
    assert await cases.sources(CASE.id) == []
    assert await cases.decide(approved(CASE), CaseState.DRAFT, entry("approve"))
    assert not await cases.add(CASE, [SAID])
    assert not await cases.decide(approved(CASE), CaseState.DRAFT, entry("again"))
    (item,) = (await reviews.page(ReviewQuery(states=()))).items
    assert (item.state, item.decided_by) == (ReviewState.EDITED, MANAGER)


async def test_a_decision_is_kept_with_its_audit(
    engine: AsyncEngine, cases: SqlResolvedCases, reviews: SqlReviewQueue
) -> None:
    await cases.add(CASE, [SAID])
    rejected = replace(CASE, state=CaseState.REJECTED, note="hunter2 is not the fix")
    assert await cases.decide(rejected, CaseState.DRAFT, entry("reject", detail=CASE.id))
    (kept,) = await SqlAuditLog(engine).entries(AuditQuery())
    assert (kept.user_id, kept.detail) == (MANAGER, CASE.id)
    (item,) = (await reviews.page(ReviewQuery(states=()))).items
    assert item.state is ReviewState.REJECTED
    assert item.note == "… is not the fix"


async def test_pages_follow_one_another_and_words_narrow_them(cases: SqlResolvedCases) -> None:
    for number in range(7):
        await cases.add(case(number, fix=f"Fix {'ab'[number % 2]}b of 100%"), [])
    query, found = CaseQuery(limit=3), []
    while True:
        page = await cases.page(query)
        found += [one.case.id for one in page.cases]
        if not page.next:
            break
        query = replace(query, after=page.next)
    assert found == [f"CASE{number:04}" for number in reversed(range(7))]
    words = await cases.page(CaseQuery(words="FIX bb 100%"))
    assert len(words.cases) == 3
    assert not (await cases.page(CaseQuery(words="100_"))).cases
    assert not (await cases.page(CaseQuery(states=[CaseState.APPROVED]))).cases
    with pytest.raises(BadRequest, match="no page 'nonsense'"):
        await cases.page(CaseQuery(after="nonsense"))


async def test_only_cases_that_are_approved_and_current_are_alike(cases: SqlResolvedCases) -> None:
    await put_approved(cases, case(1))
    await put_approved(cases, case(2, fingerprint="*:other", dag_id="billing"))
    await put_approved(cases, case(3, fingerprint="*:other", exception="KeyError"))
    await put_approved(cases, case(4, workspace="T0OTHER"))
    await put_approved(cases, case(5, expires_at=NOON))
    await cases.add(case(6), [])
    found = await cases.alike(STRUCTURE, WORKSPACE, NOON)
    assert [one.case.id for one in found] == ["CASE0001", "CASE0002"]
    bare = replace(STRUCTURE, exception="")
    assert [one.case.id for one in await cases.alike(bare, WORKSPACE, NOON)] == ["CASE0001"]


async def test_a_person_counts_once_and_nobody_for_their_own(
    engine: AsyncEngine, cases: SqlResolvedCases
) -> None:
    await put_approved(cases, CASE)
    await serve_and_rate(engine, "U0ASKER", 3, Score.UP)
    await serve_and_rate(engine, ENGINEER, 2, Score.UP)
    for _ in range(2):
        await serve(engine, "U0SILENT")
    record = await cases.record(CASE.id)
    assert record == CaseRecord(served=7, helped=1, failed=0)


async def test_a_case_that_failed_more_than_it_helped_is_disputed_and_not_served(
    engine: AsyncEngine, cases: SqlResolvedCases, reviews: SqlReviewQueue
) -> None:
    await put_approved(cases, CASE)
    await serve_and_rate(engine, "U0FIRST", 1, Score.UP)
    await serve_and_rate(engine, "U0SECOND", 1, Score.DOWN)
    assert len(await cases.alike(STRUCTURE, WORKSPACE, NOON)) == 1
    await serve_and_rate(engine, "U0THIRD", 1, Score.DOWN)
    assert not await cases.alike(STRUCTURE, WORKSPACE, NOON)
    known = await cases.get(CASE.id)
    assert known is not None
    assert known.case.state is CaseState.DISPUTED
    (item,) = (await reviews.page(ReviewQuery())).items
    assert item.subject == CASE.id
    again = approved(known.case, NOON + timedelta(days=1))
    assert await cases.decide(again, CaseState.DISPUTED, entry("approve again"))
    assert (await cases.record(CASE.id)) == CaseRecord()


async def test_an_opinion_that_is_taken_back_counts_no_more(
    engine: AsyncEngine, cases: SqlResolvedCases
) -> None:
    await put_approved(cases, CASE)
    rated = await serve_and_rate(engine, "U0ASKER", 1, Score.UP)
    assert (await cases.record(CASE.id)).helped == 1
    for rating in rated:
        await SqlTalkRecords(engine, clock=Clock()).take_back(rating)
    assert await cases.record(CASE.id) == CaseRecord(served=1)


async def test_thumbs_of_others_count_for_nothing(
    engine: AsyncEngine, cases: SqlResolvedCases
) -> None:
    await put_approved(cases, CASE)
    (rating,) = await serve_and_rate(engine, "U0ASKER", 1, Score.UP)
    store = SqlConversationStore(engine, clock=Clock())
    for number in range(5):
        await store.rate(replace(rating, user_id=f"U0OTHER{number}", score=Score.DOWN))
    assert await cases.record(CASE.id) == CaseRecord(served=1, helped=1)


async def test_a_solved_conversation_speaks_for_its_cases_until_it_is_reopened(
    engine: AsyncEngine, cases: SqlResolvedCases
) -> None:
    await put_approved(cases, CASE)
    asked = await serve(engine, "U0ASKER")
    talk = SqlTalkRecords(engine, clock=Clock())
    thread = asked.question.thread
    assert await talk.solve(thread, "U0ASKER", "1900000000.000001")
    assert (await cases.record(CASE.id)).helped == 1
    await talk.solve(thread, "U0ASKER", "1900000000.000002", solved=False)
    assert (await cases.record(CASE.id)).helped == 0


async def test_cases_retire_and_expire(cases: SqlResolvedCases, reviews: SqlReviewQueue) -> None:
    await put_approved(cases, case(1))
    await cases.add(case(2, expires_at=NOON), [])
    await cases.add(case(3), [])
    assert await cases.retire(["CASE0001", "NOBODY"], entry("retire")) == 1
    assert await cases.retire(["CASE0001"], entry("retire")) == 0
    assert await cases.expire(NOON) == 1
    states = [one.case.state for one in (await cases.page(CaseQuery())).cases]
    assert states == [CaseState.DRAFT, CaseState.EXPIRED, CaseState.RETIRED]
    assert [item.subject for item in (await reviews.page(ReviewQuery())).items] == ["CASE0003"]


async def test_nothing_is_kept_of_a_deleted_message_or_of_who_wants_nothing_kept(
    engine: AsyncEngine, cases: SqlResolvedCases
) -> None:
    await SqlTalkRecords(engine).note_deletion(MessageKey(SAID.workspace, SAID.channel, SAID.ts))
    assert not await cases.add(CASE, [SAID])
    later = replace(SAID, ts="1700000000.000200")
    assert await cases.add(CASE, [later])
    await SqlPreferences(engine, Clock()).set_keeping(WORKSPACE, ENGINEER, False)
    assert not await cases.add(case(2), [later])
    assert not await cases.add(case(2), [replace(SAID, channel="", ts="")])


async def test_a_review_is_opened_once_and_decided_once(
    engine: AsyncEngine, reviews: SqlReviewQueue
) -> None:
    item = ReviewItem("runbook:1", ReviewKind.RUNBOOK, "*:x", "A draft", NOON)
    assert await reviews.open(item)
    assert not await reviews.open(item)
    decided = await reviews.decide(
        item.id, ReviewDecision.RELABEL, entry("relabel", detail="was memory"), "oom_killed"
    )
    assert decided is not None
    assert (decided.state, decided.label, decided.note, decided.decided_by) == (
        ReviewState.RELABELLED,
        "oom_killed",
        "was memory",
        MANAGER,
    )
    again = await reviews.decide(item.id, ReviewDecision.REJECT, entry("reject"))
    assert again == decided
    assert await reviews.decide("none", ReviewDecision.REJECT, entry("none")) is None
    assert [one.key for one in await SqlAuditLog(engine).entries(AuditQuery())] == ["relabel"]


async def test_a_review_of_a_turn_goes_with_it(
    engine: AsyncEngine, reviews: SqlReviewQueue
) -> None:
    store, asked = SqlConversationStore(engine), turn()
    item = ReviewItem("label:1", ReviewKind.LABEL, asked.id, "A verdict", NOON)
    assert not await reviews.open(item)
    await store.add_turn(asked)
    assert await reviews.open(item)
    await SqlTalkRecords(engine).erase([asked.id])
    assert await reviews.get(item.id) is None


async def test_reviews_come_in_pages(reviews: SqlReviewQueue) -> None:
    for number in range(5):
        at = NOON + timedelta(minutes=number // 2)
        await reviews.open(ReviewItem(f"r{number}", ReviewKind.RUNBOOK, f"*:{number}", "D", at))
    first = await reviews.page(ReviewQuery(limit=3))
    second = await reviews.page(ReviewQuery(limit=3, after=first.next))
    assert [one.id for one in (*first.items, *second.items)] == ["r0", "r1", "r2", "r3", "r4"]
    assert second.next == ""
    assert not (await reviews.page(ReviewQuery(kinds=[ReviewKind.CASE]))).items


async def test_what_was_corrected_after_it_was_approved_is_looked_at_again(
    cases: SqlResolvedCases, reviews: SqlReviewQueue
) -> None:
    await put_approved(cases, CASE)
    later = replace(CASE, fix="It was numpy.", confirmed_at=NOON + timedelta(hours=1))
    assert await cases.add(later, [SAID])
    assert not await cases.add(later, [SAID])
    known = await cases.get(CASE.id)
    assert known is not None
    assert (known.case.state, known.case.fix) == (CaseState.DISPUTED, "It was numpy.")
    assert not await cases.alike(STRUCTURE, WORKSPACE, NOON)
    assert [one.subject for one in (await reviews.page(ReviewQuery())).items] == [CASE.id]


async def test_what_is_open_again_was_not_fixed(
    cases: SqlResolvedCases, reviews: SqlReviewQueue
) -> None:
    await put_approved(cases, case(1, escalation_id="E1"))
    await cases.add(case(2, escalation_id="E1"), [])
    await cases.add(case(3, escalation_id="E2"), [])
    assert await cases.doubt("E1", "opened again") == 2
    assert await cases.doubt("E1", "opened again") == 0
    states = [one.case.state for one in (await cases.page(CaseQuery())).cases]
    assert states == [CaseState.DRAFT, CaseState.REJECTED, CaseState.DISPUTED]
    open_ones = {one.subject for one in (await reviews.page(ReviewQuery())).items}
    assert open_ones == {"CASE0001", "CASE0003"}
