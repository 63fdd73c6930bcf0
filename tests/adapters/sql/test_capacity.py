"""The clusters' room on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.capacity import SqlCapacity
from bot.adapters.sql.capacity_tables import CapacitySampleRow
from bot.domain.capacity import (
    CAPACITY_TOLD,
    CapacityLook,
    CapacityTold,
    Gauge,
    GaugeKind,
    Sample,
)
from bot.domain.evidence import Gap, GapReason
from bot.domain.work import Job
from bot.services.capacity import CapacityService, outlook_of
from tests.fakes.work import ReplaySteps

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def sample(used: float, at: datetime, cluster: str = "prod", name: str = "etl") -> Sample:
    waiting = 4 if used >= 40 else 0
    return Sample(cluster, at, (Gauge(GaugeKind.POOL, name, used, 40.0, waiting),))


class Room:
    def __init__(self, engine: AsyncEngine) -> None:
        self.jobs: list[Job] = []
        self.now = START
        self.store = SqlCapacity(engine, lambda _, job: self.jobs.append(job), lambda: self.now)

    async def look(self, one: Sample, *, tells: bool = True) -> int:
        history = await self.store.history(one.cluster, one.at)
        return await self.store.keep(one, outlook_of(one, history), tells=tells)

    @property
    def told(self) -> list[CapacityTold]:
        assert all(job.kind == CAPACITY_TOLD for job in self.jobs)
        return [job.body for job in self.jobs if isinstance(job.body, CapacityTold)]


@pytest.fixture
def room(engine: AsyncEngine) -> Room:
    return Room(engine)


async def test_a_pool_that_fills_up_is_warned_of_once_and_then_it_is_over(room: Room) -> None:
    for step in range(20):
        await room.look(sample(20 + 0.9 * step, START + step * FIVE))
    (told,) = room.told
    warned = await room.store.warned(told.id)
    assert warned is not None
    assert warned.outlook.forecast is not None
    for step in range(20, 32):
        await room.look(sample(6, START + step * FIVE))
    assert [one.version for one in room.told] == [1, 2]
    over = await room.store.warned(told.id)
    assert over is not None
    assert over.is_over


async def test_the_same_look_done_again_changes_nothing(room: Room) -> None:
    looks = [sample(40, START + step * FIVE) for step in range(3)]
    for one in looks:
        for _ in range(2):
            await room.look(one)
    assert len(room.told) == 1


async def test_without_a_channel_nothing_is_told_and_all_is_kept(room: Room) -> None:
    for step in range(3):
        assert await room.look(sample(40, START + step * FIVE), tells=False) == 0
    assert room.jobs == []
    found = await room.store.outlook("prod")
    assert found is not None
    assert found.at == START + 2 * FIVE
    assert found.outlooks[0].gauge.is_full


async def test_history_is_of_these_hours_and_the_same_of_earlier_days(room: Room) -> None:
    for hours in (0, 1, 12, 24, 48, 72, 96):
        await room.look(sample(hours, START - timedelta(hours=hours)))
    await room.look(sample(99, START, cluster="other"))
    history = await room.store.history("prod", START)
    assert sorted(one.used for one in history["pool:etl"]) == [0, 1, 24, 48, 72]
    assert all(one.limit == 40 for one in history["pool:etl"])


async def test_a_pool_that_is_gone_is_no_trouble_but_one_not_seen_is_none_known(
    room: Room,
) -> None:
    for step in range(2):
        await room.look(sample(40, START + step * FIVE))
    blind = Sample("prod", START + 2 * FIVE, (), (Gap("pools", GapReason.FORBIDDEN),))
    await room.look(blind)
    for step in range(3, 6):
        await room.look(sample(1, START + step * FIVE, name="another"))
    (told, over) = room.told
    found = await room.store.warned(over.id)
    assert told.id == over.id
    assert found is not None
    assert found.is_over


async def test_where_it_was_told_stays_known(room: Room) -> None:
    for step in range(2):
        await room.look(sample(40, START + step * FIVE))
    (told,) = room.told
    await room.store.put_thread(told.id, "1700000000.000100")
    await room.look(sample(41, START + 2 * FIVE))
    warned = await room.store.warned(told.id)
    assert warned is not None
    assert warned.thread == "1700000000.000100"
    assert await room.store.warned("nothing") is None


async def test_what_was_measured_is_kept_for_the_days_that_tell_the_rhythm(
    room: Room, engine: AsyncEngine
) -> None:
    for days in (0, 3, 5, 20):
        await room.look(sample(1, START - timedelta(days=days)))
    assert await room.store.tidy(START - timedelta(days=14)) == 2
    async with engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(CapacitySampleRow)) == 2


class Prod:
    """Full, whenever it is asked."""

    name = "prod"

    async def capacity(self, seconds: float) -> Sample:
        return sample(40, START)


async def test_looks_that_piled_up_write_no_history_of_times_that_nobody_measured(
    room: Room,
) -> None:
    service = CapacityService([Prod()], room.store, True, lambda: room.now)
    room.now = START + 6 * FIVE + timedelta(seconds=40)
    for step in range(7):
        await service.look(CapacityLook(START + step * FIVE), ReplaySteps())
    history = await room.store.history("prod", room.now)
    assert [point.at for point in history["pool:etl"]] == [START + 6 * FIVE]
    assert room.told == []
