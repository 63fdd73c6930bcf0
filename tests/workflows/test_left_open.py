"""An engine that a test forgets fails that test alone."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.work import WorkStatus
from bot.services.ports import DurableSteps
from bot.workflows.config import EngineConfig
from bot.workflows.engine import Engine
from tests.engines import no_engine_left_open
from tests.workflows.support import POLL, Errand, errand, finished, running


async def done(body: Errand, steps: DurableSteps) -> None:
    """The whole errand."""


async def forget(url: str) -> None:
    """Leaves work under way in an engine whose loop ends."""
    begun = asyncio.Event()

    async def endless(body: Errand, steps: DurableSteps) -> None:
        begun.set()
        await asyncio.Event().wait()

    engine = Engine(EngineConfig(url, poll=POLL), {"errand": endless}, [Errand])
    await engine.open()
    await engine.start(errand("x"))
    await begun.wait()


async def goes_on(url: str) -> None:
    async with running(url, done) as engine:
        await engine.start(errand("y"))
        [detail] = await finished(url, "y")
    assert detail.work.status is WorkStatus.DONE


def test_an_engine_left_open_fails_the_test_that_left_it_and_none_after_it(file_url: str) -> None:
    with pytest.raises(pytest.fail.Exception, match="left its engine open"), no_engine_left_open():
        asyncio.run(forget(file_url))
    asyncio.run(goes_on(file_url))
