"""A storm of failures over several channels: a thread for each cause, and few changes in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.alerts import Route
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import ONCALL_CHANNEL, PRIVATE_CHANNEL, SUPPORT_CHANNEL
from bot.slack.config import SlackConfig
from tests.slack.alerting import AlertingBot, cards_in, said_in
from tests.slack.doubles import MemoryRecords
from tests.slack.driver import words
from tests.slack.escalating import CallingAnswers

FAILURES, CAUSES, DAGS, MINUTES = 1_000, 12, 96, 5
CHANNELS = (SUPPORT_CHANNEL, ONCALL_CHANNEL, PRIVATE_CHANNEL)
ROUTES = (
    Route((ONCALL_CHANNEL,), dags=("c?_*",)),
    Route((PRIVATE_CHANNEL,), dags=("c1?_*", "c9_*")),
)


@pytest.fixture
async def bot(
    config: SlackConfig, records: MemoryRecords, database: AsyncEngine
) -> AsyncIterator[AlertingBot]:
    bot = AlertingBot(config, CallingAnswers(records), records, database=database, routes=ROUTES)
    await bot.start()
    yield bot
    await bot.engine.stop()
    await bot.stop()


async def test_a_thousand_failures_from_twelve_causes_are_a_thread_for_each_and_are_all_counted(
    ws: LocalWorkspace, bot: AlertingBot
) -> None:
    for minute in range(MINUTES):
        numbers = range(minute * FAILURES // MINUTES, (minute + 1) * FAILURES // MINUTES)
        failures = [
            bot.failure(f"c{number % CAUSES}_{number % DAGS}", run=number) for number in numbers
        ]
        await bot.report(*failures)
        await bot.report(*failures[::7])  # some are reported by two
        await bot.engine.pass_time(1)
    await bot.engine.pass_time(3)

    # Nine causes and one more there, two and that one here; nothing is left for the default.
    cards = {channel: cards_in(ws, channel) for channel in CHANNELS}
    assert [len(cards[channel]) for channel in CHANNELS] == [0, 10, 3]
    assert len(bot.looks.looked) == DAGS + DAGS // CAUSES
    alerts = [one for one in bot.engine.jobs if ":opened:" in one]
    assert len(alerts) == 13
    radii = [await bot.alerts.radius(one.split(":")[1]) for one in alerts]
    assert sum(one.tasks for one in radii) == FAILURES + len(range(9, FAILURES, CAUSES))
    changes = Counter(
        (one.arguments.get("channel"), one.arguments.get("ts")) for one in ws.calls("chat.update")
    )
    assert max(changes.values()) <= MINUTES + 2

    for dag in range(DAGS):
        await bot.succeed(f"c{dag % CAUSES}_{dag}", run=FAILURES + 1)
    await bot.engine.pass_time(2)
    assert all("✅" in said for channel in CHANNELS for said in said_in(ws, channel))
    for card in (one for channel in CHANNELS for one in cards[channel]):
        (news,) = ws.replies(card)
        assert "8 Dags run well again" in words(news)
