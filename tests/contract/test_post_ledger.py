"""What every `PostLedger` and every `Intake` does, in memory and in a database alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.inbox import SqlInbox
from bot.adapters.sql.ledger import SqlPostLedger
from bot.adapters.sql.migrate import make_ready
from bot.domain.questions import Origin
from bot.domain.work import Delivery, Job, Queue
from bot.services.ports import Intake, Posted, PostLedger
from tests.fakes.turns import THREAD
from tests.fakes.work import FakeIntake, FakePostLedger

EVERYWHERE = ["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=EVERYWHERE)
async def database(request: pytest.FixtureRequest) -> AsyncIterator[AsyncEngine | None]:
    """None for the fakes."""
    if request.param == "fake":
        yield None
        return
    if request.param == "sqlite":
        url = request.getfixturevalue("sqlite_url")
    else:
        url = request.getfixturevalue("postgres").url
    engine = create_engine(url)
    await make_ready(engine)
    yield engine
    await engine.dispose()


@pytest.fixture
def ledger(database: AsyncEngine | None) -> PostLedger:
    return FakePostLedger() if database is None else SqlPostLedger(database)


@pytest.fixture
def intake(database: AsyncEngine | None) -> Intake:
    return FakeIntake() if database is None else SqlInbox(database, lambda connection, *jobs: None)


async def posted(ledger: PostLedger, key: str = "turn-1") -> Posted | None:
    async with ledger.page(key) as entry:
        return entry.posted


async def stands(ledger: PostLedger, key: str = "turn-1") -> tuple[str | None, int] | None:
    found = await posted(ledger, key)
    return None if found is None else (found.ts, found.revision)


async def test_what_was_announced_is_of_unknown_outcome_until_it_is_recorded(
    ledger: PostLedger,
) -> None:
    assert await posted(ledger) is None
    async with ledger.page("turn-1", THREAD) as entry:
        await entry.announce()
        assert entry.posted is not None
        assert entry.posted.ts is None
    assert await stands(ledger) == (None, 0)
    async with ledger.page("turn-1") as entry:
        await entry.record("1.2", 2)
        assert entry.posted is not None
        assert entry.posted.ts == "1.2"
    assert await stands(ledger) == ("1.2", 2)
    assert await posted(ledger, "turn-2") is None


async def test_an_announcement_that_was_taken_back_was_never_made(ledger: PostLedger) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.announce()
        await entry.announce()
        await entry.retract()
        assert entry.posted is None
        await entry.retract()
    assert await posted(ledger) is None


async def test_what_stands_is_neither_taken_back_nor_announced_anew(ledger: PostLedger) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.announce()
        await entry.record("1.2", 1)
        await entry.announce()
        await entry.retract()
        assert entry.posted is not None
    assert await stands(ledger) == ("1.2", 1)


async def test_no_record_lowers_the_revision_nor_needs_an_announcement(ledger: PostLedger) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.record("1.2", 3)
        await entry.record("1.3", 2)
    assert await stands(ledger) == ("1.3", 3)


async def test_a_change_that_may_come_late_is_remembered_beside_what_stands(
    ledger: PostLedger,
) -> None:
    async with ledger.page("turn-1") as entry:
        await entry.record("1.1", 1)
        await entry.leave_late(2)
        assert entry.posted is not None
        assert (entry.posted.revision, entry.posted.late) == (1, 2)
        await entry.record("1.1", 2)
    async with ledger.page("turn-1") as entry:
        known = entry.posted
    assert known is not None
    assert (known.ts, known.revision, known.late) == ("1.1", 2, 2)
    assert 0 <= known.late_age <= 60


async def test_one_at_a_time_has_a_page_open(ledger: PostLedger) -> None:
    open_now, most = 0, 0

    async def use() -> None:
        nonlocal open_now, most
        async with ledger.page("turn-1"):
            open_now += 1
            most = max(most, open_now)
            await asyncio.sleep(0)
            open_now -= 1

    await asyncio.gather(*(use() for _ in range(5)))
    assert most == 1


async def test_work_is_taken_on_once_under_its_key(intake: Intake) -> None:
    job = Job("T1:C1:1.2", "arrival", "body", Queue.QUESTIONS, "thread")
    delivery = Delivery(Origin.SLACK, "Ev1", THREAD, "U1", engages=True)
    assert await intake.take(job, delivery)
    assert not await intake.take(job, Delivery(Origin.SLACK, "Ev2"))
    assert await intake.take(Job("T1:C1:1.3", "arrival", None, Queue.QUESTIONS, "t"), delivery)
