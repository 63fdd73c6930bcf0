from __future__ import annotations

import asyncio

from bot.domain.work import Priority, Queue, WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.config import EngineConfig
from bot.workflows.engine import Engine
from tests.waiting import until
from tests.workflows.support import POLL, Errand, errand, finished, looking, running


def engine_of(url: str, **handlers: object) -> Engine:
    return Engine(EngineConfig(url, poll=POLL), handlers, [Errand])  # type: ignore[arg-type]


class Slow:
    """Two steps; the second takes until `release`."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.release = asyncio.Event()

    async def __call__(self, body: Errand, steps: DurableSteps) -> str:
        await steps.run("first", self._first)
        return await steps.run("second", self._second)

    async def _first(self) -> str:
        self.begun.append("first")
        return "first"

    async def _second(self) -> str:
        self.begun.append("second")
        await self.release.wait()
        return "second"


async def test_work_under_way_may_end_and_nothing_new_begins(url: str) -> None:
    slow = Slow()
    engine = engine_of(url, errand=slow)
    await engine.open()
    await engine.start(errand("a"))
    await until(lambda: slow.begun == ["first", "second"])
    closing = asyncio.create_task(engine.close(20))
    await asyncio.sleep(3 * POLL)
    await engine.start(errand("b"))
    await asyncio.sleep(3 * POLL)
    slow.release.set()
    assert await closing
    [a] = await finished(url, "a")
    assert a.work.status is WorkStatus.DONE
    async with looking(url) as admin:
        assert [each.key for each in await admin.list(WorkStatus.WAITING)] == ["b"]
    assert slow.begun == ["first", "second"]


async def test_work_that_takes_too_long_goes_back_into_its_queue(url: str) -> None:
    slow = Slow()
    async with running(url, slow) as engine:
        await engine.start(errand("a", queue=Queue.FAILURES, share="s", priority=Priority.REPORTED))
        await until(lambda: slow.begun == ["first", "second"])
    async with looking(url) as admin:
        [waiting] = await admin.list(WorkStatus.WAITING, Queue.FAILURES)
        assert (waiting.key, waiting.share) == ("a", "s")
    slow.release.set()
    async with running(url, slow):
        await finished(url, "a")
    assert slow.begun == ["first", "second", "second"]


async def test_work_that_only_waits_for_other_work_does_not_hold_up_the_end(url: str) -> None:
    async def parent(body: Errand, steps: DurableSteps) -> object:
        return await steps.call(errand("child", kind="child", queue=Queue.POSTS, delay=1.0))

    async def child(body: Errand, steps: DurableSteps) -> str:
        return "done"

    handlers = {"errand": parent, "child": child}
    engine = engine_of(url, **handlers)
    await engine.open()
    await engine.start(errand("a"))

    async def is_waiting() -> bool:
        async with looking(url) as admin:
            return await admin.show("child") is not None

    await until(is_waiting)
    await asyncio.wait_for(engine.close(3600), 20)
    async with running(url, handlers):
        [detail] = await finished(url, "a")
    assert detail.work.status is WorkStatus.DONE


async def test_work_that_will_not_be_called_off_is_left_behind(url: str) -> None:
    release = asyncio.Event()
    begun: list[str] = []

    async def stubborn(body: Errand, steps: DurableSteps) -> None:
        begun.append(body.text)
        while not release.is_set():
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                await release.wait()
                return

    async with running(url, stubborn) as engine:
        await engine.start(errand("a"))
        await until(lambda: begun == ["a"])
    release.set()
    async with running(url, stubborn):
        [detail] = await finished(url, "a")
    assert detail.work.status is WorkStatus.DONE
    assert begun == ["a", "a"]
