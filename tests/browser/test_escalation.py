"""One person plays asker and responder on the page, from the question to the resolution."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.slack.config import SlackConfig
from tests.browser.pictures import pictured
from tests.slack.doubles import MemoryRecords
from tests.slack.escalating import CallingBot, running


@pytest_asyncio.fixture(loop_scope="session")
async def bot(ws: LocalWorkspace) -> AsyncIterator[CallingBot]:
    config = SlackConfig(
        bot_token=ws.bot_token,
        app_token=ws.app_token,
        signing_secret=ws.signing_secret,
        api_url=ws.base_url,
        progress_every=0.0,
    )
    async with running(ws, config, MemoryRecords()) as bot:
        yield bot


async def test_a_question_goes_to_a_human_and_comes_back_resolved(
    ws: LocalWorkspace, bot: CallingBot, page: Page
) -> None:
    question = await ws.say(
        SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why did orders_daily fail?", raw=True
    )
    await ws.wait_for_reply(question)
    await bot.engine.pass_time(0)
    await page.get_by_role("radio", name="On-call engineer").click()
    await page.get_by_role("button", name="airflow-oncall").click()
    await expect(page.get_by_text("nobody has acknowledged it yet").first).to_be_visible()
    await expect(page.get_by_text("the verdict is unknown").first).to_be_visible()
    await pictured(page, "escalation-open")

    await page.get_by_role("button", name="Acknowledge").click()
    await expect(page.get_by_text("Somebody is on it").first).to_be_visible()
    await page.get_by_label("Hand to …").select_option(label="Platform engineer")
    await expect(page.get_by_text("It was handed on").first).to_be_visible()
    await page.get_by_role("button", name="Take over").click()
    await expect(page.get_by_text("Somebody is on it").first).to_be_visible()
    await pictured(page, "escalation-held")

    await page.get_by_label("Snooze …").select_option(label="1 hour")
    await expect(page.get_by_text("It is put off until").first).to_be_visible()
    await pictured(page, "escalation-snoozed")
    await bot.engine.pass_time(61)
    await expect(page.get_by_text("It was handed on").first).to_be_visible()
    await page.get_by_role("button", name="Acknowledge").click()
    await expect(page.get_by_text("Somebody is on it").first).to_be_visible()
    await page.get_by_role("button", name="Mitigated").click()
    await expect(page.get_by_text("The harm has stopped").first).to_be_visible()
    await pictured(page, "escalation-mitigated")

    await resolve(page, "Resolve …", "Resolve", "Renamed it back")
    await expect(page.get_by_text("The bot was partly right.").first).to_be_visible()
    await pictured(page, "escalation-resolved")
    await page.get_by_role("button", name="Open again").click()
    await expect(page.get_by_text("nobody has acknowledged it yet").first).to_be_visible()
    await expect(page.get_by_text("The bot was partly right.")).to_have_count(0)
    await pictured(page, "escalation-opened-again")
    await resolve(page, "Resolve …", "Resolve", "Renamed it back")
    await page.get_by_role("button", name="Correct what was true …").click()
    await pictured(page, "escalation-correct-form")
    await page.get_by_role("button", name="Not yet").click()
    await resolve(page, "Correct what was true …", "Save", "Renamed it back for good")
    await pictured(page, "escalation-corrected")

    await page.get_by_role("radio", name="Dag author").click()
    await page.get_by_role("button", name="airflow-support").click()
    await page.get_by_role("button", name="replies").first.click()
    await expect(page.get_by_text("Renamed it back for good").first).to_be_visible()
    await pictured(page, "escalation-asker")


async def resolve(page: Page, button: str, send: str, fixed_by: str) -> None:
    await page.get_by_role("button", name=button).click()
    form = page.get_by_role("dialog")
    await form.get_by_label("What was wrong?").fill("The export renamed a column")
    await form.get_by_label("What fixed it?").fill(fixed_by)
    await form.get_by_label("Partly").click()
    if send == "Resolve":
        await pictured(page, "escalation-form")
    await form.get_by_role("button", name=send).click()
    await expect(form).to_have_count(0)
    await expect(page.get_by_text(fixed_by).first).to_be_visible()
