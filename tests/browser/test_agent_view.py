"""A direct question, and the plan that grows under it until it is the answer, on the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from bot.playground.workspace import Limits, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, InstalledApp, World
from bot.services.ports import ReplyChannel
from bot.slack.config import SlackConfig
from bot.slack.manifest import manifest
from bot.slack.surfaces import all_surfaces
from tests.slack.doubles import MemoryRecords
from tests.slack.replies import CODE
from tests.slack.running import RunningBot
from tests.slack.test_streams import DiagnosedAnswers


class HeldAnswers(DiagnosedAnswers):
    """Has looked at everything, and answers when it is let go."""

    let_go: asyncio.Event

    async def look(self, channel: ReplyChannel) -> None:
        await super().look(channel)
        await self.let_go.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def ws() -> AsyncIterator[LocalWorkspace]:
    app = InstalledApp.from_manifest(manifest(all_surfaces()))
    async with LocalWorkspace.started(World(app=app), limits=Limits(retries=())) as workspace:
        yield workspace


async def test_the_plan_grows_and_folds_over_the_answer(page: Page, ws: LocalWorkspace) -> None:
    answers = HeldAnswers(MemoryRecords(), replies=(CODE,))
    answers.let_go = asyncio.Event()
    config = SlackConfig(
        ws.bot_token, ws.app_token, ws.signing_secret, api_url=ws.base_url, progress_every=0.0
    )
    bot = RunningBot(config, answers, answers.records)
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()
    question = await ws.say_directly(AUTHOR.id, "why did orders_daily fail?")
    await page.locator(".row", has_text="Airflow Support Bot").first.click()
    await page.get_by_text("1 reply").first.click()

    plan = page.locator("#thread details.plan")
    await expect(plan.locator(".task.complete")).to_have_count(3)
    await expect(plan.locator(".task.in_progress")).to_have_count(1)
    await expect(plan).to_have_attribute("open", "")
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    answers.let_go.set()
    await expect(page.locator("#thread .b-header")).to_contain_text("Your code")
    await expect(plan).not_to_have_attribute("open", "")
    await plan.locator("summary").click()
    await expect(plan.locator(".task.complete")).to_have_count(5)

    await bot.engine.stop()
    await bot.stop()
    assert len([one for one in ws.replies(question) if one.bot_id]) == 1
