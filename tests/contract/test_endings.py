"""How conversations ended, read in bulk on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.endings import SqlEndings
from bot.adapters.sql.engine import create_engine, writing
from bot.adapters.sql.escalation_tables import EscalationPartyRow, EscalationRow, TruthRow
from bot.adapters.sql.store import SqlConversationStore
from bot.adapters.sql.tables import ConversationRow
from bot.adapters.sql.talk import SqlTalkRecords
from bot.domain.conversations import Rating, Score
from bot.domain.outcomes import Contradiction, Ending
from bot.domain.questions import ThreadKey
from bot.services.ending_ports import EndingsQuery
from tests.fakes.turns import NOON, question, turn

LATER = NOON + timedelta(days=10)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url)
    yield engine
    await engine.dispose()


async def asked(engine: AsyncEngine, number: int, minutes: int = 0) -> str:
    """The turn of a question in the thread of that number."""
    ts = f"170000000{number}.00010{minutes}"
    thread = ThreadKey("T1", "C1", f"170000000{number}.000100")
    at = NOON + timedelta(minutes=minutes)
    stored = turn(asked=question(ts, thread=thread, asked_at=at))
    stored = replace(stored, id=stored.question.id)
    await SqlConversationStore(engine, clock=lambda: at).add_turn(stored)
    return stored.id


async def resolved(engine: AsyncEngine, number: int) -> None:
    """By a human, whom somebody had called in that thread."""
    name, at = f"E{number}", NOON + timedelta(hours=1)
    async with writing(engine) as connection:
        await connection.execute(
            insert(EscalationRow).values(
                id=name,
                key=name,
                state="resolved",
                body="{}",
                format=1,
                opened_at=NOON,
                joined_at=NOON,
                changed_at=at,
                is_counting=False,
            )
        )
        await connection.execute(
            insert(EscalationPartyRow).values(
                escalation_id=name,
                workspace="T1",
                channel="C1",
                thread=f"170000000{number}.000100",
                user_id="U1",
                message="",
                turn_id="",
                number=1,
            )
        )
        await connection.execute(
            insert(TruthRow).values(
                escalation_id=name,
                user_id="U0ENGINEER",
                at=at,
                was_wrong="It broke",
                fixed_by="Rolled back",
                bot="no",
                cause="",
            )
        )


async def test_every_conversation_comes_once_with_its_ending(engine: AsyncEngine) -> None:
    await asked(engine, 1)
    up = await asked(engine, 2)
    await asked(engine, 3)
    again = await asked(engine, 3, minutes=5)
    await asked(engine, 4)
    await resolved(engine, 4)
    store = SqlConversationStore(engine)
    await store.rate(Rating(up, "U1", Score.UP, NOON))
    await store.rate(Rating(again, "U1", Score.DOWN, NOON))
    # Of somebody who did not ask.
    await store.rate(Rating(again, "U2", Score.UP, LATER))
    found = [one async for one in SqlEndings(engine, lambda: LATER, page=2).ended()]
    assert [one.ended.ending for one in found] == [
        Ending.ABANDONED,
        Ending.SOLVED_BY_BOT,
        Ending.WRONG,
        Ending.SOLVED_BY_HUMAN,
    ]
    wrong, human = found[2], found[3]
    assert (wrong.turn_id, len(wrong.turn_ids)) == (again, 2)
    assert (wrong.predicted, wrong.verdict, wrong.cluster) == ("out_of_memory", "capacity", "prod")
    assert (human.ended.resolution, human.escalations) == ("Rolled back", ("E4",))


async def test_only_what_began_then_or_was_spoken_of_since_is_read(engine: AsyncEngine) -> None:
    await asked(engine, 1)
    await asked(engine, 2, minutes=5)
    await asked(engine, 3, minutes=9)
    endings = SqlEndings(engine, lambda: LATER)
    within = EndingsQuery(NOON + timedelta(minutes=1), NOON + timedelta(minutes=9))
    assert [one.thread.thread async for one in endings.ended(within)] == ["1700000002.000100"]
    await resolved(engine, 1)
    spoken = EndingsQuery(said_since=NOON + timedelta(minutes=30), workspace="T1")
    assert [one.thread.thread async for one in endings.ended(spoken)] == ["1700000001.000100"]
    assert not [one async for one in endings.ended(replace(spoken, workspace="T2"))]


async def test_an_asker_content_with_what_a_human_calls_wrong_contradicts(
    engine: AsyncEngine,
) -> None:
    await asked(engine, 1)
    await resolved(engine, 1)
    thread = ThreadKey("T1", "C1", "1700000001.000100")
    await SqlTalkRecords(engine).solve(thread, "U1", f"{(NOON).timestamp():.6f}")
    found = await SqlEndings(engine, lambda: LATER).of(thread)
    assert found is not None
    assert found.ended.contradictions == (Contradiction.SOLVED_BUT_WRONG,)
    async with writing(engine) as connection:
        await connection.execute(update(ConversationRow).values(outcome="", outcome_ts=""))
    found = await SqlEndings(engine, lambda: LATER).of(thread)
    assert found is not None
    assert found.ended.ending is Ending.SOLVED_BY_HUMAN
    assert await SqlEndings(engine, lambda: LATER).of(replace(thread, channel="C9")) is None
