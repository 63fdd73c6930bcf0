"""Asking the bot about one failure, and waiting for the one answer."""

from __future__ import annotations

import asyncio

from bot.playground.workspace import Message
from tests.end_to_end.conftest import Stage

FAILED = "pipeline_62808"  # an Airflow Variable that does not exist
RIGHT = "An Airflow Variable does not exist"
WHY = f"why did {FAILED} fail?"


async def answered(stage: Stage, question: str = WHY) -> Message:
    """The one thing that the bot says to the question; a second one fails the test."""
    asked = await stage.ask(question)
    said = await stage.card(asked, "Ref")
    await at_rest(stage)
    assert [m.ts for m in stage.answers(asked)] == [said.ts]
    return stage.ws.current(said)


async def at_rest(stage: Stage) -> None:
    """Returns once the bot has made no call for a while; bounded."""
    for _ in range(50):
        before = len(stage.ws.calls())
        await asyncio.sleep(0.1)
        if len(stage.ws.calls()) == before:
            return
