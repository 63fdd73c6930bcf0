"""Conversations go once their time is over, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.expiring import SqlExpiring
from bot.adapters.sql.store import SqlConversationStore
from bot.adapters.sql.tables import ConversationRow, EvidenceRow
from tests.fakes.turns import NOON, evidence, question, turn

DAY = timedelta(days=1)
MONTH = 30 * DAY


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url)
    yield engine
    await engine.dispose()


async def stored(engine: AsyncEngine, turn_id: str, at: datetime, keep: timedelta | None) -> None:
    asked = replace(question(), id=turn_id, asked_at=at)
    kept = replace(turn(turn_id, asked=asked, seen=evidence()), answered_at=at)
    await SqlConversationStore(engine, clock=lambda: at, keep=keep).add_turn(kept)


async def left(engine: AsyncEngine) -> tuple[set[str], int, int]:
    store = SqlConversationStore(engine)
    turns = {one.id for one in await store.turns(question().thread)}
    async with engine.connect() as connection:
        counts = [
            await connection.scalar(select(func.count()).select_from(row)) or 0
            for row in (EvidenceRow, ConversationRow)
        ]
    return turns, counts[0], counts[1]


async def tidied(engine: AsyncEngine, at: datetime, keep: timedelta = MONTH) -> int:
    return await SqlExpiring(engine, keep, lambda: at).tidy(at)


async def test_a_turn_goes_after_its_time_with_all_that_hangs_on_it(engine: AsyncEngine) -> None:
    await stored(engine, "old", NOON, MONTH)
    await stored(engine, "new", NOON + DAY, MONTH)
    assert await tidied(engine, NOON + MONTH - timedelta(seconds=1)) == 0
    assert await tidied(engine, NOON + MONTH) == 1
    assert await left(engine) == ({"new"}, 1, 1)
    assert await tidied(engine, NOON + MONTH + DAY) == 1
    assert await left(engine) == (set(), 0, 0)


async def test_a_shorter_time_holds_for_what_is_there_already(engine: AsyncEngine) -> None:
    await stored(engine, "dated", NOON, MONTH)
    await stored(engine, "from before there was a time", NOON, None)
    assert await tidied(engine, NOON + 7 * DAY, keep=7 * DAY) == 2


async def test_a_longer_time_holds_for_nothing_that_was_promised_a_shorter_one(
    engine: AsyncEngine,
) -> None:
    await stored(engine, "dated", NOON, MONTH)
    await stored(engine, "later", NOON + DAY, 90 * DAY)
    assert await tidied(engine, NOON + MONTH, keep=90 * DAY) == 1
    assert (await left(engine))[0] == {"later"}


async def test_a_turn_that_is_stored_again_may_not_stay_longer(engine: AsyncEngine) -> None:
    await stored(engine, "one", NOON, MONTH)
    await stored(engine, "one", NOON + DAY, MONTH)
    assert await tidied(engine, NOON + MONTH) == 1
