"""Guests and people of other organisations, with the whole bot behind the workspace that they are
in: their words are used for the answer and not kept, and they are shown no Dag."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bot.playground.workspace import Message
from tests.end_to_end.asking import FAILED, RIGHT, WHY, at_rest
from tests.end_to_end.conftest import Stage, bot_between, rows_in, shown

SITUATION = "pipeline_62808"
SECRET = "said in confidential words"


async def no_word_is_kept(folder: Path) -> None:
    """Work that has ended is deleted some seconds later."""
    for _ in range(120):
        with suppress(sqlite3.OperationalError):  # it is at work
            rows = list(rows_in(folder))
            if rows and not any(SECRET in one for one in rows):
                return
        await asyncio.sleep(0.5)
    raise AssertionError("these words are kept")


async def told(stage: Stage, asked: Message, user: str) -> str:
    """All that somebody reads of the answer, in the thread or alone."""

    def said() -> list[Message]:
        return [*stage.answers(asked), *stage.ws.ephemerals(user)]

    await stage.ws.wait_for(said)
    await at_rest(stage)
    return "".join(map(shown, said()))


async def test_words_of_outsiders_are_used_for_the_turn_and_they_are_shown_no_dag(
    tmp_path: Path,
) -> None:
    async with bot_between(tmp_path, [SITUATION]) as stage:
        ws, (own, guest, partner) = stage.ws, [one.id for one in stage.ws.hub.world.people]
        ws.actors.regard(guest, is_guest=True)
        ws.actors.regard(partner, team="T0PARTNER")
        for user, is_shared in ((guest, False), (partner, True)):
            ws.actors.share(stage.channel, is_shared=is_shared)
            asked = await replace(stage, asker=user).ask(f"{WHY} {SECRET}")
            assert RIGHT not in await told(stage, asked, user)
            await ws.command("/airflow", f"status {FAILED} {SECRET}", stage.channel, user)
            await at_rest(stage)
            assert RIGHT not in stage.sent()
            assert "VARIABLE" not in stage.sent()
        # One of our own, where others read along.
        asked = await stage.ask(f"{WHY} {SECRET}")
        assert RIGHT in await told(stage, asked, own)
        assert stage.answers(asked) == []
        await no_word_is_kept(tmp_path)
        ws.actors.open_app_home(own)
        home = await ws.wait_for(lambda: ws.home(own))
        await at_rest(stage)
        assert FAILED not in str(home.definition).partition("recent threads")[2]
