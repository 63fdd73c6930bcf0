"""What people set for themselves, and their recent threads, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.preferences import SqlPreferences
from bot.adapters.sql.recent import SqlRecentThreads
from bot.adapters.sql.store import SqlConversationStore
from bot.domain.people import Preferences
from tests.fakes.turns import NOON, THREAD, turn

NOW = datetime(2026, 11, 22, tzinfo=UTC)


async def test_what_was_never_set_is_as_if_nothing_was(engine: AsyncEngine) -> None:
    kept = SqlPreferences(engine, lambda: NOW)
    assert await kept.preferences("T1", "U1") == Preferences()
    assert await kept.keeps("T1", "U1")


async def test_each_setting_is_changed_without_the_other(engine: AsyncEngine) -> None:
    kept = SqlPreferences(engine, lambda: NOW)
    await kept.set_keeping("T1", "U1", False)
    await kept.set_patterns("T1", "U1", ["orders_*", "billing"])
    assert await kept.preferences("T1", "U1") == Preferences(("orders_*", "billing"), False)
    await kept.set_patterns("T1", "U1", [])
    await kept.set_keeping("T1", "U1", True)
    assert await kept.preferences("T1", "U1") == Preferences()
    assert await kept.preferences("T2", "U1") == Preferences()


async def test_of_each_thread_the_newest_turn_is_shown_newest_first(engine: AsyncEngine) -> None:
    store = SqlConversationStore(engine)
    first = turn()
    who = first.question.asker.user_id
    for number, (thread, minutes) in enumerate((("a", 1), ("a", 5), ("b", 3), ("c", 9))):
        question = replace(
            first.question,
            id=f"q{number}",
            thread=replace(THREAD, thread=thread),
            asked_at=NOON + timedelta(minutes=minutes),
        )
        answered = None if thread == "c" else f"17000000{number:02}.000100"
        kept = replace(first, id=f"q{number}", question=question, reply_ts=answered, evidence=None)
        await store.add_turn(kept)
    recent = SqlRecentThreads(engine)
    found = await recent.recent(THREAD.workspace, who, 5)
    assert [one.id for one in found] == ["q1", "q2"]
    assert [one.id for one in await recent.recent(THREAD.workspace, who, 1)] == ["q1"]
    assert await recent.recent(THREAD.workspace, "U0NOBODY", 5) == []
    assert await recent.recent("T0OTHER", who, 5) == []
