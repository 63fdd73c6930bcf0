"""So many gather on one cluster at once; the others wait, as long as that makes sense."""

from __future__ import annotations

import asyncio

import pytest

from bot.adapters.airflow.room import Room
from bot.domain.errors import AirflowUnavailable
from bot.services.at_work import working_on


class Guests:
    """Those who stay in the room until they are let go."""

    def __init__(self, places: int = 2, wait_seconds: float = 30.0) -> None:
        self.silent = False
        self.room = Room(
            "prod", places=places, wait_seconds=wait_seconds, is_silent=lambda: self.silent
        )
        self.order: list[str] = []
        self.most = 0
        self.free = asyncio.Event()

    async def stay(self, name: str = "", *, gives_way: bool = False) -> None:
        with working_on(name, gives_way=gives_way):
            async with self.room.place():
                self.order.append(name)
                self.most = max(self.most, self.room.inside)
                await self.free.wait()

    async def come(self, name: str, *, gives_way: bool = False) -> asyncio.Task[None]:
        task = asyncio.create_task(self.stay(name, gives_way=gives_way))
        await asyncio.sleep(0)
        return task


async def test_no_more_than_there_are_places_and_everybody_in_the_end() -> None:
    guests = Guests(places=3)
    tasks = [await guests.come(str(number)) for number in range(20)]
    assert (guests.room.inside, guests.room.waiting) == (3, 17)
    guests.free.set()
    await asyncio.gather(*tasks)
    assert guests.most == 3
    assert guests.order == [str(number) for number in range(20)]
    assert (guests.room.inside, guests.room.waiting) == (0, 0)


async def test_people_are_let_in_before_reported_failures() -> None:
    guests = Guests(places=1)
    tasks = [
        await guests.come("first"),
        await guests.come("reported", gives_way=True),
        await guests.come("asked"),
    ]
    guests.free.set()
    await asyncio.gather(*tasks)
    assert guests.order == ["first", "asked", "reported"]


async def test_waiting_has_an_end_with_a_remedy() -> None:
    guests = Guests(places=1, wait_seconds=0.05)
    first = await guests.come("first")
    with pytest.raises(AirflowUnavailable, match=r"too many questions at once\. Ask again"):
        await guests.stay("second")
    guests.free.set()
    await first
    await guests.stay("third")
    assert guests.room.inside == 0


async def test_nobody_waits_for_a_cluster_that_answers_nothing() -> None:
    guests = Guests(places=1)
    first = await guests.come("first")
    guests.silent = True
    with pytest.raises(AirflowUnavailable, match="prod: Airflow answers nothing"):
        await guests.stay("second")
    guests.free.set()
    await first
    assert guests.room.inside == 0


async def test_who_is_cancelled_while_waiting_leaves_no_place_behind_taken() -> None:
    guests = Guests(places=1)
    first = await guests.come("first")
    second = await guests.come("second")
    third = await guests.come("third")
    second.cancel()
    guests.free.set()
    await asyncio.gather(first, third)
    assert guests.order == ["first", "third"]
    assert guests.room.inside == 0


async def test_a_place_that_comes_in_the_moment_of_cancelling_is_handed_on() -> None:
    guests = Guests(places=1)
    first = await guests.come("first")
    second = await guests.come("second")
    third = await guests.come("third")
    guests.free.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the place is handed over, its owner has not run yet
    second.cancel()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert "third" in guests.order
    assert guests.room.inside == 0


async def test_an_error_inside_frees_the_place() -> None:
    guests = Guests(places=1)
    with pytest.raises(ValueError, match="inside"):
        async with guests.room.place():
            raise ValueError("inside")
    assert guests.room.inside == 0
