"""Alerts on a machine that can lose its power between any two steps of the work on them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import SUPPORT_CHANNEL
from bot.slack.config import SlackConfig
from tests.slack.alerting import AlertingBot, alert_database, cards_in
from tests.slack.doubles import MemoryRecords
from tests.slack.driver import words
from tests.slack.escalating import CallingAnswers


async def play(bot: AlertingBot, number: int) -> None:
    """Two fail, one of them again, and both run well after all."""
    first, second = (f"cause{number}_{name}" for name in "ab")
    await bot.report(bot.failure(first), bot.failure(second))
    await bot.engine.pass_time(2)
    await bot.report(bot.failure(first, run=2))
    await bot.engine.pass_time(2)
    for dag_id in (first, second):
        await bot.succeed(dag_id, run=3)
    await bot.engine.pass_time(2)


async def points_of(
    ws: LocalWorkspace, config: SlackConfig, database: AsyncEngine, fails_at: int | None
) -> int:
    """Plays it on a machine that fails there, and checks what stands in the end; at how many
    points it could have failed."""
    number = fails_at or 0
    bot = AlertingBot(config, CallingAnswers(MemoryRecords()), MemoryRecords(), database=database)
    await bot.start()
    bot.engine.power.passed.clear()
    bot.engine.power.fails_at = fails_at
    await play(bot, number)
    passed = bot.engine.power.passed
    bot.engine.power.fails_at = None
    await bot.engine.stop()
    await bot.stop()
    point = passed[fails_at - 1] if fails_at and fails_at <= len(passed) else "no point"
    cards = [one for one in cards_in(ws, SUPPORT_CHANNEL) if f"cause{number}_" in words(one)]
    assert len(cards) == 1, point
    assert "Recovered" in words(cards[0]), point
    assert "3 task instances · 3 runs · 2 Dags" in words(cards[0]), point
    assert len(ws.replies(cards[0])) == 1, point
    return len(passed)


async def test_a_card_and_its_news_stand_once_wherever_the_power_fails(
    ws: LocalWorkspace, config: SlackConfig
) -> None:
    async with alert_database() as database:
        points = await points_of(ws, config, database, None)
        assert points > 100
        for fails_at in range(1, points, 19):
            await points_of(ws, config, database, fails_at)
