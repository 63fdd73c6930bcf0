"""What people see of failures nobody asked about: failing, counted, well again, unreachable."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from bot.domain.alerts import Patience
from bot.playground.workspace import LocalWorkspace
from bot.slack.config import SlackConfig
from tests.browser.pictures import pictured
from tests.slack.alerting import AlertingBot, alert_database, cards_in
from tests.slack.doubles import MemoryRecords
from tests.slack.escalating import CallingAnswers


@pytest_asyncio.fixture(loop_scope="session")
async def bot(ws: LocalWorkspace) -> AsyncIterator[AlertingBot]:
    config = SlackConfig(
        bot_token=ws.bot_token,
        app_token=ws.app_token,
        signing_secret=ws.signing_secret,
        api_url=ws.base_url,
        progress_every=0.0,
    )
    records = MemoryRecords()
    async with alert_database() as database:
        bot = AlertingBot(
            config,
            CallingAnswers(records),
            records,
            database=database,
            patience=Patience(a_minute=2),
        )
        bot.looks.escalator = bot.escalator
        await bot.start()
        yield bot
        await bot.engine.stop()
        await bot.stop()


async def test_a_cause_is_one_card_from_the_first_failure_to_the_recovery(
    ws: LocalWorkspace, bot: AlertingBot, page: Page
) -> None:
    names = [f"oom_{name}" for name in ("orders", "sales", "refunds", "ledger")]
    bot.looks.causes |= dict.fromkeys(names, "oom_killed")
    await bot.report(bot.failure(names[0]))
    await bot.engine.pass_time(1)
    await expect(page.get_by_text("Failed at").first).to_be_visible()
    await pictured(page, "alerts-first")

    await bot.report(*(bot.failure(name, run=run) for name in names for run in range(3)))
    await bot.engine.pass_time(3)
    await expect(page.get_by_text("Failing since").first).to_be_visible()
    await expect(page.get_by_text("4 Dags: oom_orders").first).to_be_visible()
    await expect(page.get_by_text("A human is called").first).to_be_visible()
    await pictured(page, "alerts-counted")

    for name in names:
        await bot.succeed(name, run=9)
        await bot.engine.pass_time(1)
    (card,) = cards_in(ws)
    await page.locator(f'[data-focus="replies {card.ts}"]').first.click()
    await expect(page.get_by_text("4 Dags run well again.").first).to_be_visible()
    await pictured(page, "alerts-recovered")


async def test_a_silent_cluster_and_too_many_causes_are_said_to_be_so(
    ws: LocalWorkspace, bot: AlertingBot, page: Page
) -> None:
    bot.looks.down.add("prod")
    await bot.report(*(bot.failure(f"oom_{number}") for number in range(3)))
    await bot.engine.pass_time(2)
    await expect(page.get_by_text("does not answer now").first).to_be_visible()
    await pictured(page, "alerts-down")

    bot.looks.down.clear()
    await bot.engine.pass_time(10)
    await bot.report(*(bot.failure(f"c{number}_dag") for number in range(9)))
    await bot.engine.pass_time(4)
    await expect(page.get_by_text("than there is room for threads").first).to_be_visible()
    await pictured(page, "alerts-list")
