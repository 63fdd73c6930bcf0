"""Work is called off and deleted by what it is about, with nothing of it left in the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from sqlalchemy import text

from bot.domain.work import FORGET, Job, Queue, WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.databases import SCHEMA, open_engine
from bot.workflows.withdrawing import WorkWithdrawal
from tests.waiting import until
from tests.workflows.support import Errand, errand, finished, running

ABOUT = "T1:C1:1700000000.000100"
ELSE = "T1:C1:1700000000.000200"
_TABLES = ("workflow_status", "workflow_input", "workflow_output", "operation_outputs")


@asynccontextmanager
async def withdrawing(url: str, looked_at: float = 0.0) -> AsyncIterator[WorkWithdrawal]:
    withdrawal = WorkWithdrawal(url, [Errand], looked_at)
    try:
        yield withdrawal
    finally:
        await withdrawal.close()


def written(url: str, word: str) -> list[str]:
    """Tables in which this word stands anywhere."""
    engine = open_engine(url, connections=1)
    schema = f"{SCHEMA}." if engine.dialect.name == "postgresql" else ""
    with engine.connect() as connection:
        found = []
        for table in _TABLES:
            rows = connection.execute(text(f"SELECT * FROM {schema}{table}"))
            if any(word in str(value) for row in rows for value in row):
                found.append(table)
    engine.dispose()
    return found


async def test_work_under_way_ends_with_what_it_handed_on_and_leaves_no_word(url: str) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def answer(body: Errand, steps: DurableSteps) -> str:
        async def look() -> str:
            return f"result about {body.text}"

        await steps.run("look", look)
        await steps.call(errand(f"post:{ABOUT}", text="words", kind="post", queue=Queue.POSTS))
        return "said"

    async def post(body: Errand, steps: DurableSteps) -> str:
        async def hang() -> str:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            return ""

        return await steps.run("hang", hang)

    async with running(url, {"errand": answer, "post": post}) as engine, withdrawing(url) as work:
        await engine.start(errand(ABOUT, text="secret words"))
        await engine.start(errand(ELSE, text="other words", kind="other"))
        await begun.wait()
        assert not await work.erase([ABOUT])
        called_off = await work.stop([ABOUT], ["errand"])
        assert called_off.keys == (ABOUT,)
        await ended.wait()

        async def is_erased() -> bool:
            return await work.erase([ABOUT]) and written(url, "secret words") == []

        await until(is_erased, "the end of all that was written down")
        assert written(url, "result about") == []
        assert "workflow_input" in written(url, "other words")


async def test_what_deletes_words_goes_on_where_the_work_is_called_off_that_began_it(
    url: str,
) -> None:
    begun, forgotten = asyncio.Event(), asyncio.Event()

    async def answer(body: Errand, steps: DurableSteps) -> None:
        await steps.start(errand("in a while", kind=FORGET, queue=Queue.LATER, delay=0.5))
        await steps.start(errand("beside", kind="other", queue=Queue.LATER, delay=3600))
        begun.set()
        await steps.run("hang", asyncio.Event().wait)

    async def forget(body: Errand, steps: DurableSteps) -> None:
        forgotten.set()

    async with running(url, {"errand": answer, FORGET: forget}) as engine, withdrawing(url) as work:
        await engine.start(errand(ABOUT))
        await begun.wait()
        await work.stop([ABOUT], ["errand"])
        _, beside = await finished(url, ABOUT, "beside")
        assert beside.work.status is WorkStatus.CANCELLED
        await forgotten.wait()


async def test_only_whose_work_it_is_can_stop_it_and_what_follows_is_handed_in_first(
    url: str,
) -> None:
    begun = asyncio.Event()
    told: list[str] = []

    async def hang(body: Errand, steps: DurableSteps) -> None:
        async def wait() -> None:
            begun.set()
            await asyncio.Event().wait()

        await steps.run("wait", wait)

    async def tell(body: Errand, steps: DurableSteps) -> None:
        told.append(body.text)

    def follow_up(job: Job) -> Job:
        return replace(job, key=f"{job.key}:stopped", kind="told", share="told")

    async with running(url, {"errand": hang, "told": tell}) as engine, withdrawing(url) as work:
        await engine.start(errand(ABOUT, text="mine"))
        await begun.wait()
        spared = await work.stop([ABOUT], ["errand"], by=lambda _: False, follow_up=follow_up)
        assert (spared.keys, spared.spared) == ((), 1)
        stopped = await work.stop([ABOUT], ["errand"], follow_up=follow_up)
        assert (stopped.keys, stopped.spared) == ((ABOUT,), 0)
        await finished(url, f"{ABOUT}:stopped")
        assert told == ["mine"]
        assert (await work.stop([ABOUT], ["errand"])).keys == ()


async def test_of_a_channel_all_goes_that_was_handed_in_up_to_then(url: str) -> None:
    async def done(body: Errand, steps: DurableSteps) -> None:
        return None

    before, after = "1000000000.000000", "4000000000.000000"
    of_channel = ["T1:C1:"]
    async with running(url, done) as engine, withdrawing(url) as work:
        await engine.start(errand(ABOUT, text="secret words"))
        await engine.start(errand("T1:C2:1700000000.000100", text="other words"))
        await engine.start(errand(ELSE, text="later", delay=3600))
        await finished(url, ABOUT, "T1:C2:1700000000.000100")
        await work.stop_channel("T1", "C1", before)
        assert await work.erase(of_channel, before)
        assert written(url, "secret words") != []  # handed in later
        assert not await work.erase(of_channel, after)
        await work.stop_channel("T1", "C1", after)
        assert await work.erase(of_channel, after)
        assert written(url, "secret words") == []
        assert written(url, "other words") != []


async def test_whoever_waits_for_work_that_is_called_off_learns_of_it_before_it_is_deleted(
    url: str,
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def answer(body: Errand, steps: DurableSteps) -> None:
        try:
            await steps.call(errand(f"post:{ABOUT}", kind="post", queue=Queue.POSTS))
        finally:
            ended.set()

    async def post(body: Errand, steps: DurableSteps) -> None:
        begun.set()
        await steps.run("hang", asyncio.Event().wait)

    until_now = "4000000000.000000"
    async with (
        running(url, {"errand": answer, "post": post}) as engine,
        withdrawing(url, looked_at=1.5) as work,
    ):
        await engine.start(errand(ABOUT))
        await begun.wait()
        await work.stop_channel("T1", "C1", until_now)
        assert not await work.erase([ABOUT], until_now)
        await ended.wait()

        async def is_erased() -> bool:
            return await work.erase([ABOUT], until_now)

        await until(is_erased, "the end of all that was written down")
        assert written(url, ABOUT) == []
