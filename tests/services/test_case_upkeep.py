"""What time brings to cases: an end, a runbook in their place; and reviews of contradictions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.audit import SqlAuditLog
from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.endings import SqlEndings
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.reviews import SqlReviewQueue
from bot.adapters.sql.store import SqlConversationStore
from bot.domain.audit import AuditQuery
from bot.domain.casework import Upkeep
from bot.domain.conversations import Rating, Score
from bot.domain.resolved_cases import CaseState
from bot.domain.reviews import ReviewKind, ReviewQuery
from bot.domain.runbooks import KnownFailure, Signature, When
from bot.domain.verdicts import RetryAdvice, VerdictKind
from bot.services.case_upkeep import CaseUpkeep
from bot.services.casework import Casework
from bot.services.plain_steps import PLAIN
from tests.fakes.cases import CASE, NOON, approved, case, entry
from tests.fakes.turns import NOON as ASKED
from tests.fakes.turns import turn

RUNBOOK = KnownFailure(
    cause="pandas_missing",
    title="pandas is not there",
    verdict=VerdictKind.CODE,
    retry=RetryAdvice.AFTER_FIX,
    signatures=(Signature("No module named 'pandas'"),),
    when=When(),
    owner="dag_owner",
    sections=(),
    path="pandas_missing.md",
)


@pytest.fixture
async def engine(sqlite_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(sqlite_url)
    yield engine
    await engine.dispose()


def upkeep(engine: AsyncEngine, *known: KnownFailure) -> CaseUpkeep:
    cases = SqlResolvedCases(engine, clock=lambda: NOON)
    endings = SqlEndings(engine, lambda: ASKED + timedelta(hours=3))
    return CaseUpkeep(cases, endings, SqlReviewQueue(engine), lambda: known)


async def test_a_runbook_with_the_signature_of_a_case_retires_it(engine: AsyncEngine) -> None:
    at_work = upkeep(engine, RUNBOOK)
    casework = Casework(at_work.cases, lambda: (RUNBOOK,), lambda: NOON)
    await at_work.cases.add(CASE, [])
    await at_work.cases.decide(approved(CASE), CaseState.DRAFT, entry("approve"))
    # Resolved although there was a runbook: it says more than that.
    await casework.keep_draft(case(2), [])
    await at_work.cases.add(case(3, problem="Something else altogether"), [])
    for minutes in (0, 60):
        await at_work.work(Upkeep(NOON + timedelta(minutes=minutes)), PLAIN)
    found = [await at_work.cases.get(one) for one in (CASE.id, "CASE0002", "CASE0003")]
    assert [one.case.state for one in found if one] == [
        CaseState.RETIRED,
        CaseState.DRAFT,
        CaseState.DRAFT,
    ]
    kept = await SqlAuditLog(engine).entries(AuditQuery(action="case"))
    assert [one.detail for one in kept] == [f"told by runbooks now: {CASE.id}"]


async def test_a_case_ends_when_its_time_is_over(engine: AsyncEngine) -> None:
    at_work = upkeep(engine)
    await at_work.cases.add(CASE, [])
    await at_work.work(Upkeep(NOON + timedelta(days=181)), PLAIN)
    known = await at_work.cases.get(CASE.id)
    assert known is not None
    assert known.case.state is CaseState.EXPIRED


async def test_a_contradiction_is_looked_at_once(engine: AsyncEngine) -> None:
    at_work, store = upkeep(engine), SqlConversationStore(engine)
    asked = turn()
    await store.add_turn(asked)
    up = Rating(asked.id, "U1", Score.UP, ASKED)
    await store.rate(up)
    await at_work.work(Upkeep(ASKED + timedelta(hours=1)), PLAIN)
    assert not (await at_work.reviews.page(ReviewQuery())).items
    await store.rate(replace(up, score=Score.DOWN, source="thumbsdown"))
    for hours in (2, 3):
        await at_work.work(Upkeep(ASKED + timedelta(hours=hours)), PLAIN)
    (item,) = (await at_work.reviews.page(ReviewQuery())).items
    assert (item.kind, item.subject) == (ReviewKind.CONTRADICTION, asked.id)
    assert item.title == "orders_daily: out_of_memory: the asker's thumbs point both ways"
