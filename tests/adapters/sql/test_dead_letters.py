"""Which answers are found to be left unfinished, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import BigInteger, Text, column, insert, select, table, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.dead_letters import Said, SqlDeadLetters
from bot.adapters.sql.tables import InboxRow, PostRow
from bot.adapters.sql.talk_tables import MessageMarkRow
from bot.domain.dead_letters import DeadLetter, Unfinished
from bot.domain.questions import ThreadKey
from bot.domain.work import HANDED_IN
from bot.services.dead_letters import unfinished_key

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
FIRST_WORDS, ANSWER = 1, 3
WHISPER = "private:{}:{}"
ALL = 100
WORK = table("work", column("key", Text), column("status", Text), column("taken_on", BigInteger))


@pytest.fixture
async def letters(engine: AsyncEngine) -> SqlDeadLetters:
    async with engine.begin() as connection:
        made = "CREATE TABLE work (key TEXT PRIMARY KEY, status TEXT, taken_on BIGINT)"
        await connection.execute(text(made))
    known = select(WORK.c.key, WORK.c.taken_on)
    return SqlDeadLetters(
        engine,
        failed=known.where(WORK.c.status == "failed").subquery(),
        known=known.subquery(),
        said=Said((WHISPER,), ":remark", FIRST_WORDS, ANSWER, ":edit:", ":edited:", 10),
        announced="failure:",
    )


async def work(engine: AsyncEngine, key: str, status: str = "failed", minutes: int = 0) -> None:
    """Work that was taken on so many minutes ago."""
    at = int((NOW - timedelta(minutes=minutes)).timestamp() * 1000)
    async with engine.begin() as connection:
        await connection.execute(insert(WORK).values(key=key, status=status, taken_on=at))


async def card(
    engine: AsyncEngine, page: str, revision: int = ANSWER, ts: str | None = "1.0"
) -> None:
    where = {"workspace": "T1", "channel": "C1", "thread": "1.0"}
    row = {"key": page, "ts": ts, "revision": revision, "announced_at": NOW, **where}
    async with engine.begin() as connection:
        await connection.execute(insert(PostRow).values(**row))


async def test_an_answer_to_failed_work_is_found_under_the_key_of_its_question(
    engine: AsyncEngine, letters: SqlDeadLetters
) -> None:
    for key, minutes in (("failure:prod:dag", 3), ("T1:C1:2.0:remark", 2), ("T1:C1:3.0", 1)):
        await work(engine, key, minutes=minutes)
    await card(engine, "failure:prod:dag")
    await card(engine, "T1:C1:2.0", ANSWER + 1)
    await card(engine, "T1:C1:3.0")
    found = [
        Unfinished("failure:prod:dag", "failure:prod:dag", ANSWER),
        Unfinished("T1:C1:2.0:remark", "T1:C1:2.0", ANSWER + 1),
        Unfinished("T1:C1:3.0", "T1:C1:3.0", ANSWER),
    ]
    assert await letters.unfinished(SINCE, ALL) == found
    assert await letters.unfinished(SINCE, 2) == found[:2]
    # Something was said, so that none of it is a dead letter.
    assert await letters.unanswered(SINCE, ALL) == []


@pytest.mark.parametrize("status", ["waiting", "running", "done", "cancelled"])
async def test_work_that_goes_on_or_ended_otherwise_is_let_be(
    engine: AsyncEngine, letters: SqlDeadLetters, status: str
) -> None:
    await work(engine, "T1:C1:1.0", status)
    await card(engine, "T1:C1:1.0")
    assert await letters.unfinished(SINCE, ALL) == []


@pytest.mark.parametrize(
    ("page", "revision", "ts"),
    [
        ("T1:C1:1.0", 0, "1.0"),  # a sign of work
        ("T1:C1:1.0", FIRST_WORDS, "1.0"),  # an apology
        ("T1:C1:1.0", ANSWER, None),  # nobody knows whether it stands
        ("private:T1:C1:1.0:3", ANSWER, "whispered"),
    ],
)
async def test_what_is_no_answer_that_can_be_changed_is_let_be(
    engine: AsyncEngine, letters: SqlDeadLetters, page: str, revision: int, ts: str | None
) -> None:
    await work(engine, "T1:C1:1.0")
    await card(engine, page, revision, ts)
    assert await letters.unfinished(SINCE, ALL) == []


async def test_old_work_is_let_be(engine: AsyncEngine, letters: SqlDeadLetters) -> None:
    await work(engine, "T1:C1:1.0", minutes=24 * 60 + 1)
    await card(engine, "T1:C1:1.0")
    assert await letters.unfinished(SINCE, ALL) == []


async def test_each_revision_is_seen_to_once_and_again_only_where_that_failed(
    engine: AsyncEngine, letters: SqlDeadLetters
) -> None:
    await work(engine, "T1:C1:1.0")
    await card(engine, "T1:C1:1.0", ANSWER + 1)
    left = Unfinished("T1:C1:1.0", "T1:C1:1.0", ANSWER + 1)
    await work(engine, unfinished_key(f"T1:C1:1.0:{ANSWER}"), "done")
    assert await letters.unfinished(SINCE, ALL) == [left]
    for tries in range(HANDED_IN):
        found = await letters.unfinished(SINCE, ALL)
        assert [one.tries for one in found] == [tries]
        await work(engine, unfinished_key(left.name, tries))
    assert await letters.unfinished(SINCE, ALL) == []


@pytest.mark.parametrize("status", ["waiting", "running", "done"])
async def test_what_a_job_has_taken_up_is_left_to_it(
    engine: AsyncEngine, letters: SqlDeadLetters, status: str
) -> None:
    await work(engine, "T1:C1:1.0")
    await card(engine, "T1:C1:1.0")
    await work(engine, unfinished_key(f"T1:C1:1.0:{ANSWER}"), status)
    assert await letters.unfinished(SINCE, ALL) == []


async def edited(engine: AsyncEngine, wording: str = "9.0", **marks: Any) -> None:
    """A question that was answered, then edited twice; work on the `wording` failed."""
    await card(engine, "T1:C1:1.0")
    await work(engine, f"T1:C1:1.0:edit:{wording}")
    where = {"workspace": "T1", "channel": "C1"}
    came = {"key": f"T1:C1:1.0:edited:{wording}", "kind": "edit", "thread": "1.0", "user_id": "U1"}
    came |= {"event_id": "", "origin": "slack", "author_team": "", **where}
    mark = {"ts": "1.0", "edited_ts": "9.0", "edits": 2, "is_deleted": False, "marked_at": NOW}
    async with engine.begin() as connection:
        await connection.execute(insert(InboxRow).values(created_at=NOW, engages=True, **came))
        await connection.execute(insert(MessageMarkRow).values(**{**mark, **where, **marks}))


async def test_of_an_edited_question_the_newest_wording_is_to_be_answered(
    engine: AsyncEngine, letters: SqlDeadLetters
) -> None:
    await edited(engine)
    thread = ThreadKey("T1", "C1", "1.0")
    letter = DeadLetter("T1:C1:1.0:edit:9.0", thread, "U1", is_public=True, edition=2)
    assert await letters.unanswered(SINCE, ALL) == [letter]
    assert await letters.unfinished(SINCE, ALL) == []
    async with engine.begin() as connection:
        await connection.execute(update(PostRow).values(revision=20 + ANSWER))
    assert await letters.unanswered(SINCE, ALL) == []
    left = Unfinished(letter.key, "T1:C1:1.0", 20 + ANSWER)
    assert await letters.unfinished(SINCE, ALL) == [left]


async def test_an_edited_question_that_was_apologised_for_in_private_is_let_be(
    engine: AsyncEngine, letters: SqlDeadLetters
) -> None:
    await edited(engine)
    await card(engine, WHISPER.format("T1:C1:1.0", 20 + FIRST_WORDS), 20 + FIRST_WORDS, "whispered")
    assert await letters.unanswered(SINCE, ALL) == []


@pytest.mark.parametrize("marks", [{"edited_ts": "9.5"}, {"is_deleted": True}])
async def test_a_wording_that_nobody_waits_for_any_more_is_let_be(
    engine: AsyncEngine, letters: SqlDeadLetters, marks: dict[str, Any]
) -> None:
    await edited(engine, **marks)
    assert await letters.unanswered(SINCE, ALL) == []
