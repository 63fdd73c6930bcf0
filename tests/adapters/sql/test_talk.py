"""What is kept of messages and threads is forgotten in its time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.inbox import SqlInbox
from bot.adapters.sql.store import SqlConversationStore
from bot.adapters.sql.talk import SqlTalkRecords
from bot.domain.questions import ThreadKey
from bot.domain.work import Delivery, Job, Queue
from tests.fakes.turns import question, turn

TOLD, LATER = "1700000040.000000", "1700000099.000000"
AFTER = datetime.fromtimestamp(1_700_000_050, UTC)


@pytest.mark.parametrize(("at", "is_left"), [(TOLD, False), (LATER, True)])
async def test_who_is_to_keep_out_of_a_thread_is_forgotten_in_its_time(
    engine: AsyncEngine, at: str, is_left: bool
) -> None:
    talk, thread = SqlTalkRecords(engine), ThreadKey("T1", "C1", "1700000000.000100")
    await talk.keep_out(thread, at)
    await talk.tidy(AFTER)
    assert await talk.keeps_out(thread) is is_left


async def test_the_bot_keeps_out_of_threads_that_it_would_have_a_part_in(
    engine: AsyncEngine,
) -> None:
    talk, told = SqlTalkRecords(engine), question()
    await SqlConversationStore(engine).add_turn(turn())
    called = ThreadKey("T1", "C1", "1700000000.000200")
    inbox = SqlInbox(engine, lambda *_: None)
    assert await inbox.take(Job("a", "any", None, Queue.LATER, "a"), Delivery("slack", "", called))
    for thread in (told.thread, called):
        await talk.keep_out(thread, TOLD)
        await talk.tidy(AFTER)
        assert await talk.keeps_out(thread)
