"""Drafts of runbooks on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.audit import SqlAuditLog
from bot.adapters.sql.engine import writing
from bot.adapters.sql.erasing import SqlErasing
from bot.adapters.sql.runbook_drafts import SqlRunbookDrafts, erase_drafts, of_person
from bot.adapters.sql.workspace_erasing import SqlWorkspaceErasing
from bot.domain.audit import AuditEntry, AuditQuery, Outcome
from bot.domain.runbook_drafts import (
    OFFERED,
    DraftOffered,
    DraftOrigin,
    DraftSource,
    DraftState,
    RunbookDraft,
)
from bot.domain.work import Job
from tests.fakes.drafts import DRAFT, FINGERPRINT, NOON

ENTRY = AuditEntry("k:runbook", NOON, "U9", "T1", "C1", "runbook", Outcome.ALLOWED)


class Shelf:
    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.jobs: list[Job] = []
        self.drafts = SqlRunbookDrafts(
            engine,
            lambda _, job: self.jobs.append(job),
            redact=lambda text: text.replace("hunter2", "****"),
        )

    async def now(self) -> RunbookDraft | None:
        return await self.drafts.get(DRAFT.id)


@pytest.fixture
def shelf(engine: AsyncEngine) -> Shelf:
    return Shelf(engine)


def decided(state: DraftState) -> RunbookDraft:
    return replace(DRAFT, state=state, decided_by="U9", decided_at=NOON, note="a.md")


async def test_a_draft_is_kept_and_offered_once_for_its_fingerprint(shelf: Shelf) -> None:
    assert await shelf.drafts.put(DRAFT, offers=True) == DRAFT
    await shelf.drafts.put(replace(DRAFT, text="other"), offers=True)

    assert await shelf.now() == DRAFT
    assert [job.body for job in shelf.jobs] == [DraftOffered(DRAFT.id, 1)]
    assert shelf.jobs[0].kind == OFFERED


async def test_no_secret_is_kept_in_a_draft(shelf: Shelf) -> None:
    await shelf.drafts.put(replace(DRAFT, text="key hunter2", title="hunter2"), offers=False)
    kept = await shelf.now()
    assert kept is not None
    assert (kept.text, kept.title) == ("key ****", "****")


async def test_a_failure_is_counted_where_it_has_a_draft(shelf: Shelf) -> None:
    assert not await shelf.drafts.counted(FINGERPRINT, 4)
    await shelf.drafts.put(DRAFT, offers=False)
    for count in (5, 4):
        assert await shelf.drafts.counted(FINGERPRINT, count)
    kept = await shelf.now()
    assert kept is not None
    assert kept.count == 5


async def test_what_a_human_found_out_replaces_what_was_merely_seen(shelf: Shelf) -> None:
    await shelf.drafts.put(DRAFT, offers=True)
    told = replace(DRAFT, origin=DraftOrigin.RESOLVED, text="why", count=1)
    assert (await shelf.drafts.put(told, offers=True)).version == 2

    kept = await shelf.now()
    assert kept is not None
    assert (kept.text, kept.version, kept.count) == ("why", 2, 3)
    assert [job.key for job in shelf.jobs] == [f"{OFFERED}:{DRAFT.id}:{n}" for n in (1, 2)]


async def test_nothing_replaces_what_somebody_has_decided_about(shelf: Shelf) -> None:
    await shelf.drafts.put(DRAFT, offers=False)
    assert await shelf.drafts.decide(decided(DraftState.REJECTED), ENTRY)
    told = replace(DRAFT, origin=DraftOrigin.RESOLVED, text="why")
    kept = await shelf.drafts.put(told, offers=True)
    assert (kept.state, kept.text) == (DraftState.REJECTED, DRAFT.text)
    assert shelf.jobs == []


async def test_of_two_decisions_the_first_counts_and_is_in_the_audit(shelf: Shelf) -> None:
    await shelf.drafts.put(DRAFT, offers=False)
    assert await shelf.drafts.decide(decided(DraftState.APPROVED), ENTRY)
    assert not await shelf.drafts.decide(decided(DraftState.REJECTED), replace(ENTRY, key="j"))

    entries = await SqlAuditLog(shelf.engine).entries(AuditQuery())
    assert [one.key for one in entries] == [ENTRY.key]
    found = await shelf.drafts.page([DraftState.APPROVED])
    assert [one.note for one in found] == ["a.md"]


async def test_drafts_come_page_by_page_newest_first(shelf: Shelf) -> None:
    for number in range(5):
        at = NOON + timedelta(days=number)
        one = replace(DRAFT, id=f"D{number}", fingerprint=str(number), made_at=at)
        await shelf.drafts.put(one, offers=False)
    assert [one.id for one in await shelf.drafts.page(limit=2, offset=2)] == ["D2", "D1"]
    assert await shelf.drafts.page([DraftState.REJECTED]) == []


async def test_an_open_draft_goes_with_a_turn_that_it_rests_on(shelf: Shelf) -> None:
    await shelf.drafts.put(DRAFT, offers=False)
    await SqlErasing(shelf.engine).erase(["C1:2.2"])
    assert await shelf.now() is None


async def test_an_open_draft_goes_with_whoever_found_it_out(shelf: Shelf) -> None:
    await shelf.drafts.put(DRAFT, offers=False)
    await SqlErasing(shelf.engine).erase_found("T1", "U1")
    assert await shelf.now() is None


async def test_an_open_draft_goes_with_a_channel_but_not_with_what_was_said_before_it(
    shelf: Shelf,
) -> None:
    resting = replace(DRAFT, sources=(DraftSource("T1", "U1", "T1:C1:1700000000.000200"),))
    await shelf.drafts.put(resting, offers=False)
    erasing = SqlErasing(shelf.engine)
    await erasing.erase_channel("T1", "C1", "1700000000.000100")
    await erasing.erase_channel("T1", "C", "1700000000.000300")
    assert await shelf.now() is not None
    await erasing.erase_channel("T1", "C1", "1700000000.000300")
    assert await shelf.now() is None


async def test_of_a_decided_draft_the_decision_stays_without_words(shelf: Shelf) -> None:
    await shelf.drafts.put(DRAFT, offers=False)
    await shelf.drafts.decide(decided(DraftState.REJECTED), ENTRY)
    async with writing(shelf.engine) as connection:
        await erase_drafts(connection, of_person("T1", "U1"))
    kept = await shelf.now()
    assert kept is not None
    assert (kept.state, kept.text, kept.title) == (DraftState.REJECTED, "", "")
    assert [one.user_id for one in kept.sources] == ["U2"]


async def test_drafts_go_with_a_workspace(shelf: Shelf) -> None:
    await shelf.drafts.put(DRAFT, offers=False)
    await SqlWorkspaceErasing(shelf.engine).erase_workspace("T2", NOON)
    assert await shelf.now() is not None
    await SqlWorkspaceErasing(shelf.engine).erase_workspace("T1", NOON)
    assert await shelf.now() is None
