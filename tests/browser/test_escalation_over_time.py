"""What time does to an escalation that nobody takes, as those on call and the asker see it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from bot.domain.oncall import PageOutcome, PageStatus
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.slack.config import SlackConfig
from tests.browser.pictures import pictured
from tests.slack.doubles import MemoryRecords
from tests.slack.escalating import CallingBot, FakeOnCall, running

REFUSED = PageOutcome(PageStatus.FAILED, "PagerDuty", "PagerDuty does not take its key")
OUTCOMES = [PageOutcome(PageStatus.NAMED, "rota"), REFUSED]


@pytest_asyncio.fixture(loop_scope="session")
async def bot(ws: LocalWorkspace) -> AsyncIterator[CallingBot]:
    config = SlackConfig(
        bot_token=ws.bot_token,
        app_token=ws.app_token,
        signing_secret=ws.signing_secret,
        api_url=ws.base_url,
        progress_every=0.0,
    )
    on_call = FakeOnCall(outcomes=list(OUTCOMES))
    async with running(ws, config, MemoryRecords(), on_call) as bot:
        yield bot


async def test_what_nobody_takes_goes_up_to_all_and_expires_in_the_end(
    ws: LocalWorkspace, bot: CallingBot, page: Page
) -> None:
    asked = f"{ws.mention} why did orders_daily fail?"
    question = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, asked, raw=True)
    await ws.wait_for_reply(question)
    await bot.engine.pass_time(0)
    await page.get_by_role("radio", name="On-call engineer").click()
    await page.get_by_role("button", name="airflow-oncall").click()
    await expect(page.get_by_text("nobody has acknowledged it yet").first).to_be_visible()
    await page.get_by_role("button", name="repl").first.click()

    policy = bot.policy
    step = policy.acknowledge_within.total_seconds() / 60
    await bot.engine.pass_time(step + 0.1)
    await expect(page.get_by_text("FAILED").first).to_be_visible()
    await pictured(page, "escalation-page-failed")
    await bot.engine.pass_time(step)
    await expect(page.get_by_text("The whole channel was called").first).to_be_visible()
    await pictured(page, "escalation-channel-called")
    await bot.engine.pass_time(policy.remind_after.total_seconds() / 60)
    await pictured(page, "escalation-reminder")
    await bot.engine.pass_time(policy.expire_after.total_seconds() / 60)
    await expect(page.get_by_text("It has expired").first).to_be_visible()
    await pictured(page, "escalation-expired")

    await page.get_by_role("radio", name="Dag author").click()
    await page.get_by_role("button", name="airflow-support").click()
    await page.get_by_role("button", name="repl").first.click()
    await expect(page.get_by_text("It has expired").first).to_be_visible()
    await pictured(page, "escalation-expired-asker")
