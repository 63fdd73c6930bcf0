from __future__ import annotations

import asyncio

from bot.domain.work import Queue, WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.places import Places
from tests.waiting import PATIENCE, until
from tests.workflows.support import Errand, errand, finished, looking, running


async def test_questions_whose_posts_are_stuck_hold_up_no_others(url: str) -> None:
    working = most = 0
    waiting: list[str] = []
    mended = asyncio.Event()

    async def work() -> None:
        nonlocal working, most
        working += 1
        most = max(most, working)
        await asyncio.sleep(0.02)
        working -= 1

    async def question(body: Errand, steps: DurableSteps) -> None:
        await work()
        if body.text == "bad":
            waiting.append(body.text)
            key = f"{len(waiting)}"
            await steps.call(
                errand(f"post:{key}", kind="post", queue=Queue.POSTS, share=f"bad {key}")
            )
        await work()

    async def post(body: Errand, steps: DurableSteps) -> None:
        await mended.wait()

    stuck = [f"{number}" for number in range(6)]
    async with running(url, {"errand": question, "post": post}, at_once=2) as engine:
        for key in stuck:
            await engine.start(errand(key, text="bad"))
        await until(lambda: len(waiting) == len(stuck))
        await engine.start(errand("fine"))
        [fine] = await finished(url, "fine")
        assert fine.work.status is WorkStatus.DONE
        mended.set()
        details = await finished(url, *stuck)
    assert {detail.work.status for detail in details} == {WorkStatus.DONE}
    assert most == 2


async def test_no_more_is_claimed_than_can_be_worked_on(url: str) -> None:
    begun: list[str] = []
    release = asyncio.Event()

    async def busy(body: Errand, steps: DurableSteps) -> None:
        begun.append(body.text)
        await release.wait()

    async with running(url, busy, at_once=2) as engine, looking(url) as admin:
        for number in range(4):
            await engine.start(errand(f"{number}"))
        await until(lambda: len(begun) == 2)
        await asyncio.sleep(0.5)  # several looks into the queue, for other replicas' share
        assert len(await admin.list(WorkStatus.WAITING)) == 2
        release.set()
        await finished(url, *[f"{number}" for number in range(4)])


async def test_twenty_channels_in_trouble_do_not_hold_up_the_posts_of_others(
    file_url: str,
) -> None:
    begun: list[str] = []
    release = asyncio.Event()

    async def post(body: Errand, steps: DurableSteps) -> None:
        if body.text != "fine":
            begun.append(body.text)
            await release.wait()

    async with running(file_url, {"errand": post}) as engine:
        for number in range(20):
            await engine.start(errand(f"{number}", queue=Queue.POSTS))
        await until(lambda: len(begun) == 20)
        await engine.start(errand("fine", queue=Queue.POSTS))
        [fine] = await finished(file_url, "fine")
        release.set()
    assert fine.work.status is WorkStatus.DONE


async def test_work_that_waits_for_two_at_once_has_one_place_again_in_the_end() -> None:
    places = Places({"questions": 1})
    for _ in range(2):
        async with asyncio.timeout(PATIENCE), places.one_for("a", "questions") as place:
            async with place.left(), place.left(), places.one_for("a", "questions"):
                assert places.count_for_queue("questions") == -1  # nobody claimed it from DBOS
            assert places.count_for_queue("questions") == 0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def _done(places: Places, queue: str) -> None:
    async with asyncio.timeout(PATIENCE), places.one_for("a", queue):
        pass


async def test_suspects_are_done_by_more_at_once_the_more_were_survived() -> None:
    places = Places({"questions alone": 3}, Clock())
    free = []
    for _ in range(4):
        free.append(3 - places.count_for_queue("questions alone"))
        await _done(places, "questions alone")
    assert free == [1, 2, 3, 3]


async def test_suspects_are_done_one_by_one_again_after_a_quiet_time() -> None:
    clock = Clock()
    places = Places({"questions alone": 3}, clock)
    for _ in range(3):
        await _done(places, "questions alone")
    clock.now += 31.0
    assert 3 - places.count_for_queue("questions alone") == 1
    async with asyncio.timeout(PATIENCE), places.one_for("a", "questions alone"):
        second = asyncio.create_task(_done(places, "questions alone"))
        await asyncio.sleep(0.01)
        assert not second.done()
    await second
    assert 3 - places.count_for_queue("questions alone") == 3


async def test_places_that_were_held_when_it_got_quiet_are_not_given_out_again() -> None:
    clock = Clock()
    places = Places({"questions alone": 3}, clock)
    await _done(places, "questions alone")
    async with places.one_for("slow", "questions alone"):
        clock.now += 31.0
        fast = asyncio.create_task(_done(places, "questions alone"))
        await asyncio.sleep(0.01)
        assert not fast.done()
    await asyncio.wait_for(fast, PATIENCE)
