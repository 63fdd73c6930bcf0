"""Snapshots on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.consents import SqlConsents
from bot.adapters.sql.dataset_reads import SqlTurnPages
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.snapshots import SqlSnapshots
from bot.adapters.sql.store import SqlConversationStore
from bot.domain.audit import AuditEntry, Outcome
from bot.domain.datasets import Left, Snapshot
from bot.services.export_ports import Cursor, SnapshotEntry
from tests.fakes.lessons import CONSENT, MONDAY, NOW, lesson

TURNS = [lesson(number) for number in range(4)]
ENTRIES = [SnapshotEntry(turn.id, f"digest {number}") for number, turn in enumerate(TURNS)]
SNAPSHOT = Snapshot("5na9", NOW, 4, 4, (CONSENT.id,), {Left.EXPIRED: 3})
ENTRY = AuditEntry("e", MONDAY, "admin", CONSENT.workspace, "", "consent", Outcome.ALLOWED)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url)
    store = SqlConversationStore(engine)
    for turn in TURNS:
        await store.add_turn(turn)
    await SqlConsents(engine).record(CONSENT, ENTRY)
    yield engine
    await engine.dispose()


async def delete(engine: AsyncEngine, turn_id: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM turns WHERE id = :id"), {"id": turn_id})


async def test_a_snapshot_comes_back_with_all_its_rows(engine: AsyncEngine) -> None:
    kept = SqlSnapshots(engine, lambda: NOW)
    await kept.add(SNAPSHOT, [ENTRIES[:3], ENTRIES[3:]])
    await kept.add(SNAPSHOT, [ENTRIES[:3], ENTRIES[3:]])  # as after a crash

    assert await kept.find("5na9") == SNAPSHOT
    rows = await SqlTurnPages(engine).of_snapshot("5na9", [3, 1])
    assert [(row.number, row.digest, row.stored.turn) for row in rows] == [
        (1, "digest 1", TURNS[1]),
        (3, "digest 3", TURNS[3]),
    ]
    assert await kept.find("other") is None


async def test_a_snapshot_counts_what_was_deleted_before_or_after_it_was_kept(
    engine: AsyncEngine,
) -> None:
    kept = SqlSnapshots(engine, lambda: NOW)
    await delete(engine, TURNS[0].id)
    await kept.add(SNAPSHOT, [ENTRIES])
    await delete(engine, TURNS[2].id)

    found = await kept.find("5na9")

    assert found == replace(SNAPSHOT, present=2)
    assert not found.is_whole


async def test_a_snapshot_is_not_whole_without_one_of_its_consents(engine: AsyncEngine) -> None:
    await SqlSnapshots(engine, lambda: NOW).add(replace(SNAPSHOT, consents=("c1",)), [ENTRIES])
    await SqlSnapshots(engine, lambda: NOW).add(replace(SNAPSHOT, id="5na8"), [ENTRIES])

    unknown, holding = await SqlSnapshots(engine, lambda: NOW).all(9, 0), CONSENT.until
    late = await SqlSnapshots(engine, lambda: holding).find("5na8")

    assert [(one.id, one.is_whole, one.ended) for one in unknown] == [
        ("5na8", True, ()),
        ("5na9", False, ("c1",)),
    ]
    assert late is not None
    assert late.faults == (f"consent {CONSENT.id} does not hold any more",)


async def test_snapshots_are_listed_newest_first_page_by_page_and_can_be_forgotten(
    engine: AsyncEngine,
) -> None:
    kept = SqlSnapshots(engine, lambda: NOW)
    for number in range(5):
        one = replace(SNAPSHOT, id=f"s{number}", created_at=NOW + timedelta(hours=number))
        await kept.add(one, [ENTRIES])

    assert [one.id for one in await kept.all(2, 0)] == ["s4", "s3"]
    assert [one.id for one in await kept.all(2, 4)] == ["s0"]
    assert await kept.forget("s3")
    assert not await kept.forget("s3")
    assert [one.id for one in await kept.all(9, 0)] == ["s4", "s2", "s1", "s0"]


async def test_turns_come_page_by_page_in_one_order_on_every_database(engine: AsyncEngine) -> None:
    store, names = SqlConversationStore(engine), ["a-1", "B-1", "_", "aa", "Z"]
    for name in names:
        await store.add_turn(replace(TURNS[0], id=name, answered_at=MONDAY + timedelta(days=9)))
    pages, after, seen = SqlTurnPages(engine), None, list[str]()
    while page := await pages.page(after, 2):
        seen += [one.at.turn_id for one in page]
        after = page[-1].at
    assert seen == [*(turn.id for turn in TURNS), *sorted(names)]
    assert await pages.count() == 9
    assert await pages.page(Cursor(NOW, ""), 2) == []


async def test_a_turn_that_a_later_version_stored_is_told_apart(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE turns SET format = 99"))
    page = await SqlTurnPages(engine).page(None, 9)
    assert [one.turn for one in page] == [None] * 4
