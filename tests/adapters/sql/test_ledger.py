"""The ledger of posts on both databases: one hand at a time, and nothing known is forgotten."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.ledger import HELD_BY, SqlPostLedger
from bot.adapters.sql.tables import PostRow
from bot.domain.errors import StoreError
from bot.services.ports import Posted, PostLedger
from tests.fakes.turns import THREAD
from tests.postgres import PostgresDatabase

HOLDER = """
import asyncio, sys
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.ledger import SqlPostLedger

async def main():
    async with SqlPostLedger(create_engine(sys.argv[1])).page("turn-1") as entry:
        await entry.announce()
        print("announced", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def ledger(engine: AsyncEngine) -> SqlPostLedger:
    return SqlPostLedger(engine)


async def posted(ledger: PostLedger, key: str = "turn-1") -> Posted | None:
    async with ledger.page(key) as entry:
        return entry.posted


async def test_what_nobody_announced_is_not_known(ledger: SqlPostLedger) -> None:
    assert await posted(ledger) is None


async def test_what_was_announced_is_known_at_once_though_its_page_is_open(
    ledger: SqlPostLedger, engine: AsyncEngine
) -> None:
    async with ledger.page("turn-1", THREAD) as entry:
        await entry.announce()

        async with engine.connect() as connection:
            row = (await connection.execute(select(PostRow.__table__))).one()
        assert (row.key, row.channel, row.thread) == ("turn-1", THREAD.channel, THREAD.thread)
        assert (row.ts, row.revision) == (None, 0)
        assert entry.posted == Posted(None, 0, 0.0)


async def test_the_age_counts_from_the_announcement(
    ledger: SqlPostLedger, engine: AsyncEngine
) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.announce()
    async with engine.begin() as connection:
        earlier = datetime.now(UTC) - timedelta(seconds=20)
        await connection.execute(update(PostRow).values(announced_at=earlier))

    found = await posted(ledger)

    assert found is not None
    assert 20 <= found.age < 80


async def test_announced_anew_it_is_young_again(ledger: SqlPostLedger, engine: AsyncEngine) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.announce()
    async with engine.begin() as connection:
        await connection.execute(
            update(PostRow).values(announced_at=datetime(2026, 1, 1, tzinfo=UTC))
        )

    async with ledger.page("turn-1") as entry:
        await entry.announce()

    found = await posted(ledger)
    assert found is not None
    assert found.age < 60


async def test_of_a_call_that_was_given_up_the_age_counts_from_its_end(
    ledger: SqlPostLedger, engine: AsyncEngine
) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.announce()
        async with engine.begin() as connection:
            await connection.execute(
                update(PostRow).values(announced_at=datetime(2026, 1, 1, tzinfo=UTC))
            )
        await entry.give_up()
        assert entry.posted == Posted(None, 0, 0.0, is_given_up=True)

    found = await posted(ledger)
    assert found is not None
    assert found.is_given_up
    assert found.age < 60


async def test_a_call_announced_after_one_that_was_given_up_may_go_on(
    ledger: SqlPostLedger,
) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.announce()
        await entry.give_up()
        await entry.announce()
        assert entry.posted == Posted(None, 0, 0.0)

    found = await posted(ledger)
    assert found is not None
    assert not found.is_given_up


async def test_giving_up_undoes_no_record(ledger: SqlPostLedger) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.give_up()
        assert entry.posted is None
        await entry.announce()
        await entry.record("1700000001.000200", 2)
        await entry.give_up()

    found = await posted(ledger)
    assert found is not None
    assert (found.ts, found.revision, found.is_given_up) == ("1700000001.000200", 2, False)


async def test_what_was_recorded_is_known_from_then_on(ledger: SqlPostLedger) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.announce()
        await entry.record("1700000001.000200", 1)
        assert entry.posted == Posted("1700000001.000200", 1, 0.0)

    found = await posted(ledger)
    assert found is not None
    assert (found.ts, found.revision) == ("1700000001.000200", 1)


async def test_an_announcement_does_not_undo_a_record(ledger: SqlPostLedger) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.record("1700000001.000200", 2)
        await entry.announce()

    found = await posted(ledger)
    assert found is not None
    assert (found.ts, found.revision) == ("1700000001.000200", 2)


async def test_a_record_never_lowers_the_revision(ledger: SqlPostLedger) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.announce()
        await entry.record("1700000001.000200", 3)
        await entry.record("1700000001.000200", 2)
        assert entry.posted is not None
        assert entry.posted.revision == 3

    found = await posted(ledger)
    assert found is not None
    assert found.revision == 3


async def test_messages_do_not_know_of_each_other(ledger: SqlPostLedger) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.announce()

    assert await posted(ledger, "turn-2") is None


async def test_many_at_once_announce_one_message_once(ledger: SqlPostLedger) -> None:
    announced = 0
    inside = 0

    async def post() -> None:
        nonlocal announced, inside
        async with ledger.page("turn-1") as entry:
            inside += 1
            assert inside == 1
            if entry.posted is None:
                announced += 1
                await entry.announce()
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(post() for _ in range(30)))

    assert announced == 1


async def test_pages_of_different_messages_are_open_together(ledger: SqlPostLedger) -> None:
    async with ledger.page("turn-1"), ledger.page("turn-2"):
        pass


async def test_a_hundred_messages_on_their_way_need_few_connections(database_url: str) -> None:
    """As many as go out at once when Slack is slow, each with a page for one in its place."""
    engine = create_engine(database_url, connections=HELD_BY + 1)
    ledger = SqlPostLedger(engine)
    everybody = asyncio.Barrier(100)

    async def post(number: int) -> None:
        async with ledger.page(f"turn-{number}") as entry:
            await entry.announce()
            await everybody.wait()
            async with ledger.page(f"turn-{number}:instead of it") as other:
                await other.record("1700000001.000200", 1)
            await entry.record("1700000001.000200", 2)

    async with asyncio.timeout(60):
        await asyncio.gather(*(post(number) for number in range(100)))
    found = await posted(ledger, "turn-99")
    assert found is not None
    assert found.revision == 2
    await engine.dispose()


async def test_one_who_is_cancelled_takes_no_page_from_the_others(ledger: SqlPostLedger) -> None:
    go, begun = asyncio.Event(), asyncio.Barrier(21)

    async def post(number: int) -> None:
        async with ledger.page(f"turn-{number}") as entry:
            await entry.announce()
            await begun.wait()
            while not go.is_set():
                await entry.announce()
            await entry.record("1700000001.000200", 1)

    posts = [asyncio.create_task(post(number)) for number in range(20)]
    await begun.wait()
    for cancelled in posts[::2]:
        await asyncio.sleep(0.001)
        cancelled.cancel()
    await asyncio.wait(posts[::2])
    go.set()
    await asyncio.gather(*posts[1::2])

    for number in range(20):
        found = await posted(ledger, f"turn-{number}")
        assert found is not None
        assert found.ts == (None if number % 2 == 0 else "1700000001.000200")


async def test_a_page_that_stays_open_is_not_waited_for_without_end(engine: AsyncEngine) -> None:
    hasty = SqlPostLedger(engine, wait=0.05)

    async with hasty.page("turn-1"):
        with pytest.raises(StoreError, match=r"turn-1 is in other hands.*0\.05 s"):
            await posted(hasty)

    assert await posted(hasty) is None


@pytest.mark.parametrize("fault", [RuntimeError("Slack is down"), asyncio.CancelledError()])
async def test_a_failure_gives_the_page_back(ledger: SqlPostLedger, fault: BaseException) -> None:
    async def fail() -> None:
        async with ledger.page("turn-1") as entry:
            await entry.announce()
            raise fault

    with pytest.raises(type(fault)):
        await fail()

    found = await posted(ledger)
    assert found is not None
    assert found.ts is None


async def test_one_who_gives_up_waiting_leaves_no_lock(ledger: SqlPostLedger) -> None:
    async with ledger.page("turn-1"):
        waiting = asyncio.create_task(posted(ledger))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert await posted(ledger) is None


async def test_the_connections_that_go_back_hold_nothing(
    ledger: SqlPostLedger, engine: AsyncEngine
) -> None:
    for number in range(20):
        async with ledger.page(f"turn-{number}") as entry:
            await entry.announce()
    if engine.dialect.name == "sqlite":
        gc.collect()
        assert not ledger._locks
        return
    async with engine.connect() as connection:
        locks = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert await connection.scalar(locks) == 0
        timeouts = text(
            "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
        )
        assert tuple((await connection.execute(timeouts)).one()) == ("0", "30s")


async def test_tidying_forgets_what_was_neither_announced_nor_changed_since(
    ledger: SqlPostLedger, engine: AsyncEngine
) -> None:
    for key in ("old", "new", "changed"):
        async with ledger.page(key) as entry:
            await entry.announce()
    async with engine.begin() as connection:
        old = update(PostRow).where(PostRow.key != "new")
        await connection.execute(old.values(announced_at=datetime(2026, 1, 1, tzinfo=UTC)))
    async with ledger.page("changed") as entry:
        await entry.record("1790000000.000100", 4)

    assert await ledger.tidy(datetime(2026, 2, 1, tzinfo=UTC)) == 1

    assert await posted(ledger, "old") is None
    assert await posted(ledger, "changed") is not None
    assert await posted(ledger, "new") is not None


@pytest.mark.postgres
async def test_two_replicas_never_have_one_page_open(postgres: PostgresDatabase) -> None:
    engines = [create_engine(postgres.url) for _ in range(2)]
    announced = 0

    async def post(through: SqlPostLedger) -> None:
        nonlocal announced
        async with through.page("turn-1") as entry:
            if entry.posted is None:
                announced += 1
                await asyncio.sleep(0.02)
                await entry.announce()

    ledgers = [SqlPostLedger(engine) for engine in engines]
    await asyncio.gather(*(post(each) for each in ledgers * 4))
    for engine in engines:
        await engine.dispose()

    assert announced == 1


@pytest.mark.postgres
async def test_the_page_of_a_process_that_is_killed_goes_to_the_next(
    postgres: PostgresDatabase,
) -> None:
    engine = create_engine(postgres.url)
    ledger = SqlPostLedger(engine)
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, postgres.url, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert (await holder.stdout.readline()).strip() == b"announced"

    os.kill(holder.pid, signal.SIGSTOP)
    with pytest.raises(StoreError, match="in other hands"):
        await posted(SqlPostLedger(engine, wait=0.2))

    next_one = asyncio.create_task(posted(ledger))
    os.kill(holder.pid, signal.SIGKILL)
    found = await next_one
    await holder.wait()
    await engine.dispose()

    assert found is not None
    assert found.ts is None


@pytest.mark.postgres
async def test_pages_are_opened_anew_beside_those_that_were_lost(
    postgres: PostgresDatabase,
) -> None:
    engine = create_engine(postgres.url)
    ledger = SqlPostLedger(engine)
    keys = [f"turn-{number}" for number in range(4 * HELD_BY)]

    async def lose(key: str) -> None:
        async with ledger.page(key) as entry:
            await entry.announce()
            await all_open.wait()
            await lost.wait()
            with pytest.raises(StoreError):
                await entry.record("1700000001.000200", 1)

    lost, all_open = asyncio.Event(), asyncio.Barrier(len(keys) + 1)
    losing = [asyncio.create_task(lose(key)) for key in keys]
    await all_open.wait()
    await asyncio.to_thread(postgres.restart)
    # Each connection is found to be lost by whoever comes first.
    for number in range(4 * HELD_BY):
        with suppress(StoreError):
            await posted(ledger, f"other-{number}")
    for number in range(4 * HELD_BY):
        assert await posted(ledger, f"other-{number}") is None
    lost.set()
    await asyncio.gather(*losing)
    for key in keys:
        found = await posted(ledger, key)
        assert found is not None
        assert found.ts is None
    await engine.dispose()


@pytest.mark.postgres
async def test_a_lock_that_was_lost_is_not_written_under(postgres: PostgresDatabase) -> None:
    engine = create_engine(postgres.url)
    ledger = SqlPostLedger(engine)

    async def post() -> None:
        async with ledger.page("turn-1") as entry:
            await entry.announce()
            await asyncio.to_thread(postgres.restart)
            with pytest.raises(StoreError, match="Recording a post failed"):
                await entry.record("1700000001.000200", 1)
            await entry.record("1700000001.000200", 1)

    with pytest.raises(StoreError, match="another may have it by now"):
        await post()

    found = await posted(ledger)
    await engine.dispose()
    assert found is not None
    assert found.ts is None
