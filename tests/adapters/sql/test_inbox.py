"""The inbox on both databases: one row and one piece of work, together or not at all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.inbox import TOGETHER_MAX, SqlInbox
from bot.adapters.sql.store import SqlConversationStore
from bot.adapters.sql.tables import InboxRow
from bot.domain.errors import StoreError
from bot.domain.questions import ThreadKey
from bot.domain.work import Delivery, Job, Queue
from tests.fakes.turns import NOON, THREAD, turn
from tests.postgres import PostgresDatabase

BROKEN = "T1:C1:broken"


def job(key: str = "T1:C1:1") -> Job:
    return Job(key, "arrival", {"text": "never in the inbox"}, Queue.QUESTIONS, "T1:C1")


def enqueue(connection: Connection, *jobs: Job) -> None:
    """As the engine of durable work does: a row for each, over the connection given."""
    if BROKEN in [job.key for job in jobs]:
        raise TypeError("a body that cannot be written")
    rows = [{"key": job.key} for job in jobs]
    connection.execute(text("INSERT INTO work VALUES (:key)"), rows)


@pytest.fixture
async def inbox(engine: AsyncEngine) -> SqlInbox:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE work (key TEXT)"))
    return SqlInbox(engine, enqueue, lambda: NOON)


async def kept(engine: AsyncEngine) -> tuple[list[str], list[str]]:
    """Keys in the inbox, and of work."""
    async with engine.connect() as connection:
        rows = await connection.scalars(select(InboxRow.key).order_by(InboxRow.key))
        work = await connection.execute(text("SELECT key FROM work ORDER BY key"))
        return list(rows), [key for (key,) in work]


async def take_all(inbox: SqlInbox, keys: Sequence[str]) -> list[bool | BaseException]:
    return await asyncio.gather(
        *(inbox.take(job(key), Delivery("slack")) for key in keys), return_exceptions=True
    )


async def test_what_is_taken_is_in_the_inbox_and_at_work(
    inbox: SqlInbox, engine: AsyncEngine
) -> None:
    delivery = Delivery("slack", "Ev1", THREAD, "U1", engages=True)

    assert await inbox.take(job(), delivery) is True

    assert await kept(engine) == (["T1:C1:1"], ["T1:C1:1"])
    async with engine.connect() as connection:
        row = (await connection.execute(select(InboxRow.__table__))).mappings().one()
    assert dict(row) == {
        "key": "T1:C1:1",
        "kind": "arrival",
        "origin": "slack",
        "workspace": THREAD.workspace,
        "channel": THREAD.channel,
        "thread": THREAD.thread,
        "user_id": "U1",
        "event_id": "Ev1",
        "engages": True,
        "author_team": "",
        "created_at": NOON,
        "expires_at": None,
    }


async def test_what_comes_again_is_not_taken_again(inbox: SqlInbox, engine: AsyncEngine) -> None:
    await inbox.take(job(), Delivery("slack", "Ev1"))

    assert await inbox.take(job(), Delivery("slack", "Ev2")) is False

    assert await kept(engine) == (["T1:C1:1"], ["T1:C1:1"])


async def test_of_many_at_once_with_one_key_one_is_taken(
    inbox: SqlInbox, engine: AsyncEngine
) -> None:
    results = await take_all(inbox, ["T1:C1:1"] * 50)

    assert Counter(results) == {True: 1, False: 49}
    assert await kept(engine) == (["T1:C1:1"], ["T1:C1:1"])


async def test_of_many_processes_at_once_each_key_is_taken_by_one(
    inbox: SqlInbox, engine: AsyncEngine, database_url: str
) -> None:
    others = [create_engine(database_url) for _ in range(3)]
    inboxes = [inbox, *(SqlInbox(other, enqueue) for other in others)]
    keys = [f"T1:C1:{number:03}" for number in range(120)]
    orders = [keys, keys[::-1], keys[60:] + keys[:60], keys[::2] + keys[1::2]]

    results = await asyncio.gather(*(map(take_all, inboxes, orders)))
    for other in others:
        await other.dispose()

    assert Counter(each for result in results for each in result) == {True: 120, False: 360}
    assert await kept(engine) == (keys, keys)


async def test_more_than_are_kept_together_are_all_kept(
    inbox: SqlInbox, engine: AsyncEngine
) -> None:
    keys = [f"T1:C1:{number:03}" for number in range(2 * TOGETHER_MAX + 7)]

    assert await take_all(inbox, keys) == [True] * len(keys)

    assert await kept(engine) == (keys, keys)


async def test_what_cannot_be_enqueued_is_not_in_the_inbox_either(
    inbox: SqlInbox, engine: AsyncEngine
) -> None:
    with pytest.raises(StoreError, match="TypeError: a body that cannot be written"):
        await inbox.take(job(BROKEN), Delivery("slack"))

    assert await kept(engine) == ([], [])


async def test_one_that_fails_does_not_take_its_neighbours_with_it(
    inbox: SqlInbox, engine: AsyncEngine
) -> None:
    first, broken, last = await take_all(inbox, ["T1:C1:1", BROKEN, "T1:C1:2"])

    assert (first, last) == (True, True)
    assert isinstance(broken, StoreError)
    assert await kept(engine) == (["T1:C1:1", "T1:C1:2"], ["T1:C1:1", "T1:C1:2"])


async def test_one_who_gives_up_waiting_leaves_the_others_be(
    inbox: SqlInbox, engine: AsyncEngine
) -> None:
    impatient = asyncio.create_task(inbox.take(job("T1:C1:1"), Delivery("slack")))
    patient = asyncio.create_task(inbox.take(job("T1:C1:2"), Delivery("slack")))
    await asyncio.sleep(0)
    impatient.cancel()

    assert await patient is True
    assert await inbox.take(job("T1:C1:3"), Delivery("slack")) is True
    keys, work = await kept(engine)
    assert {"T1:C1:2", "T1:C1:3"} <= set(keys)
    assert keys == work


async def test_foreign_text_that_no_database_can_hold_is_taken(inbox: SqlInbox) -> None:
    delivery = Delivery("slack", "Ev\x00\ud800", ThreadKey("T1", "C1", "1"), "U\x00")

    assert await inbox.take(job(), delivery) is True


async def test_a_key_that_no_database_can_hold_is_never_taken_for_a_known_one(
    inbox: SqlInbox, engine: AsyncEngine
) -> None:
    (result,) = await take_all(inbox, ["T1:C1:\x00\ud800"])

    assert result is True or isinstance(result, StoreError)
    keys, work = await kept(engine)
    assert len(keys) == len(work) == (result is True)


async def test_work_is_handed_on_in_the_order_of_arrival(engine: AsyncEngine) -> None:
    order: list[str] = []
    inbox = SqlInbox(engine, lambda _, *jobs: order.extend(job.key for job in jobs))

    await take_all(inbox, ["b", "c", "a"])

    assert order == ["b", "c", "a"]


async def test_who_waits_when_the_writer_is_ended_is_told(inbox: SqlInbox) -> None:
    takers = [
        asyncio.create_task(inbox.take(job(f"T1:C1:{number}"), Delivery("slack")))
        for number in range(TOGETHER_MAX + 5)
    ]
    for _ in range(3):
        await asyncio.sleep(0)
    assert inbox._writer is not None
    inbox._writer.cancel()

    results = await asyncio.gather(*takers, return_exceptions=True)

    assert {type(result) for result in results} == {StoreError}
    assert await inbox.take(job("T1:C1:later"), Delivery("slack")) is True


async def test_several_deliveries_at_once_are_one_transaction(
    inbox: SqlInbox, engine: AsyncEngine
) -> None:
    commits: list[object] = []

    def committed(connection: object) -> None:
        commits.append(connection)

    event.listen(Engine, "commit", committed)
    try:
        await take_all(inbox, [f"T1:C1:{number}" for number in range(20)])
    finally:
        event.remove(Engine, "commit", committed)

    assert len(commits) == 1


async def test_a_thread_that_the_bot_was_called_into_is_its_own(inbox: SqlInbox) -> None:
    elsewhere = ThreadKey("T1", "C2", THREAD.thread)
    await inbox.take(job("1"), Delivery("slack", "", THREAD, "U1", engages=True))
    await inbox.take(job("2"), Delivery("slack", "", elsewhere, "U1"))

    assert await inbox.engaged(THREAD)
    assert not await inbox.engaged(elsewhere)
    assert not await inbox.engaged(ThreadKey("T2", THREAD.channel, THREAD.thread))


async def test_a_thread_that_the_bot_answered_in_is_its_own(
    inbox: SqlInbox, engine: AsyncEngine
) -> None:
    assert not await inbox.engaged(THREAD)
    await SqlConversationStore(engine).add_turn(turn())

    assert await inbox.engaged(THREAD)


async def test_tidying_forgets_what_arrived_before(engine: AsyncEngine, inbox: SqlInbox) -> None:
    later = SqlInbox(engine, enqueue, lambda: NOON + timedelta(days=1))
    await take_all(inbox, [f"T1:C1:{number}" for number in range(1100)])
    await later.take(job("new"), Delivery("slack"))

    assert await inbox.tidy(NOON + timedelta(seconds=1)) == 1100

    assert (await kept(engine))[0] == ["new"]
    assert await inbox.take(job("T1:C1:0"), Delivery("slack")) is True


async def test_a_thread_is_looked_up_by_indexes(engine: AsyncEngine, inbox: SqlInbox) -> None:
    """One look for each message in every channel that the bot is in."""
    statements: list[tuple[str, Any]] = []
    event.listen(
        engine.sync_engine,
        "before_cursor_execute",
        lambda _, __, statement, parameters, *___: statements.append((statement, parameters)),
    )
    await inbox.engaged(THREAD)
    ((statement, parameters),) = statements

    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # Small tables are read whole; what counts is that an index serves.
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
        lines = " ".join(str(row) for row in plan)

    assert "ix_inbox_engaging" in lines
    assert "Seq Scan" not in lines
    assert "SCAN inbox" not in lines


@pytest.mark.postgres
async def test_a_database_that_is_down_takes_nothing_and_is_used_again_when_it_is_back(
    postgres: PostgresDatabase,
) -> None:
    engine = create_engine(postgres.url)
    inbox = SqlInbox(engine, lambda *_: None)
    await inbox.take(job("before"), Delivery("slack"))
    postgres.stop()

    results = await take_all(inbox, [f"T1:C1:{number}" for number in range(60)])

    assert {type(result) for result in results} == {StoreError}
    postgres.start()
    assert await inbox.take(job("T1:C1:1"), Delivery("slack")) is True
    assert await inbox.take(job("before"), Delivery("slack")) is False
    await engine.dispose()


@pytest.mark.postgres
async def test_a_connection_that_was_cut_meanwhile_refuses_nothing(
    postgres: PostgresDatabase,
) -> None:
    engine = create_engine(postgres.url)
    inbox = SqlInbox(engine, lambda *_: None)
    await inbox.take(job("before"), Delivery("slack"))
    async with engine.connect() as connection:
        cut = await connection.scalars(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        assert list(cut) == [True]

    assert await inbox.take(job("after"), Delivery("slack")) is True
    await engine.dispose()


@pytest.mark.postgres
async def test_a_restart_in_mid_stream_loses_nothing_that_was_taken(
    postgres: PostgresDatabase,
) -> None:
    engine = create_engine(postgres.url)
    inbox = SqlInbox(engine, lambda *_: None)
    taken: list[str] = []
    refused = 0
    flowing, over = asyncio.Event(), asyncio.Event()

    async def deliver(share: int) -> None:
        nonlocal refused
        for number in range(10_000):
            try:
                await inbox.take(job(f"{share}:{number}"), Delivery("slack"))
                taken.append(f"{share}:{number}")
                if len(taken) > 100:
                    flowing.set()
                if over.is_set():
                    return
            except StoreError:
                refused += 1
                await asyncio.sleep(0.01)

    streams = asyncio.gather(*(deliver(share) for share in range(8)))
    await flowing.wait()
    await asyncio.to_thread(postgres.restart, crash=True)
    over.set()
    await streams

    async with engine.connect() as connection:
        stored = set(await connection.scalars(select(InboxRow.key)))
    await engine.dispose()
    assert refused
    assert set(taken) <= stored
