"""Alerts where the app is installed in two workspaces: each goes to that of its channel."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.alerts import Route
from bot.playground.workspace.world import SUPPORT_CHANNEL
from tests.slack.alerting import AlertingBot, cards_in
from tests.slack.doubles import MemoryRecords
from tests.slack.driver import words
from tests.slack.escalating import CallingAnswers
from tests.slack.test_installing import ALERTS, OTHER, both_installed


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """What differs between databases is shown where alerts are kept."""
    url: str = request.getfixturevalue("sqlite_url")
    return url


async def test_an_alert_lives_in_the_workspace_of_its_channel(database: AsyncEngine) -> None:
    records = MemoryRecords()
    async with both_installed() as both:
        one, other = both.slack.workspaces
        routes = (Route((ALERTS,), dags=("oom_*",)),)
        bot = AlertingBot(
            both.config, CallingAnswers(records), records, database=database, routes=routes
        )
        await bot.start()
        await bot.report(bot.failure("oom_orders"), bot.failure("disk_orders"))
        await bot.engine.pass_time(24 * 60 + 5)
        await bot.succeed("oom_orders")
        await bot.engine.pass_time(2)
        await bot.engine.stop()
        await bot.stop()

        (card,) = cards_in(other, ALERTS)
        assert "Recovered" in words(card)
        said = [words(one) for one in other.replies(card)]
        assert ["⏰" in said[0], "well again" in said[1], len(said)] == [True, True, 2]
        (home,) = cards_in(one)
        assert "disk_orders" in words(home)
        threads = {turn.question.thread.workspace for turn in bot.turns.kept.values()}
        assert threads == {OTHER, one.team_id}


@pytest.mark.parametrize("is_known_to_be_gone", [False, True])
async def test_where_the_app_left_its_workspace_the_default_channel_hears_of_it(
    database: AsyncEngine, is_known_to_be_gone: bool
) -> None:
    records = MemoryRecords()
    async with both_installed() as both:
        one, other = both.slack.workspaces
        routes = (Route((ALERTS,), dags=("oom_*",), workspace=OTHER),)
        bot = AlertingBot(
            both.config, CallingAnswers(records), records, database=database, routes=routes
        )
        await bot.start()
        await bot.report(bot.failure("oom_orders"))
        await bot.engine.pass_time(1)
        other.hub.grants.revoke()
        both.kept.kept.pop(OTHER)
        if is_known_to_be_gone:
            both.passed += timedelta(minutes=1)
            await bot.start()
        await bot.report(bot.failure("oom_sales"))
        await bot.engine.pass_time(5)
        await bot.engine.stop()
        await bot.stop()

        (card,) = cards_in(one, SUPPORT_CHANNEL)
        assert "oom_sales" in words(card)
        assert "Meant for" in words(card)
