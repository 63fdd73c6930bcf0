"""A storm of failures: one thread for each cause, and no more than a change a minute in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import ONCALL_CHANNEL
from bot.slack.config import SlackConfig
from tests.contract.test_escalations import call
from tests.slack.doubles import MemoryRecords
from tests.slack.driver import words
from tests.slack.escalating import CallingBot, cards_of, running


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> AsyncIterator[CallingBot]:
    async with running(ws, config, records) as bot:
        yield bot


FAILURES, CAUSES, MINUTES = 1_000, 12, 5


async def test_a_thousand_failures_from_twelve_causes_are_twelve_threads(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    per_minute = FAILURES // MINUTES
    for minute in range(MINUTES):
        for number in range(minute * per_minute, (minute + 1) * per_minute):
            failure = call(number, f"cause {number % CAUSES}", bot.engine.now())
            await bot.escalations.call(replace(failure, party=None))
        await bot.engine.pass_time(1)
    await bot.engine.pass_time(1)

    cards = cards_of(ws)
    assert len(cards) == CAUSES
    counted = sum(one.count for one in await bot.escalations.list())
    assert counted == FAILURES
    assert all(any(f"{n} calls so far" in words(card) for n in (83, 84)) for card in cards)
    changes = Counter(
        str(one.arguments.get("ts"))
        for one in ws.calls("chat.update")
        if one.arguments.get("channel") == ONCALL_CHANNEL
    )
    # Once when level 1 was called, and once a minute for the count.
    assert max(changes.values()) <= MINUTES + 2
    assert all(len(ws.replies(card)) == 1 for card in cards)
