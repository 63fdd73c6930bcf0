"""The form for a channel's settings, as people see it."""

from __future__ import annotations

from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.channel_policies import ChannelPolicy, QuietHours
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.slack.blocks.settings import settings_form, settings_shown
from bot.slack.settings_form import Subject

POLICY = ChannelPolicy(15, True, "prod", ("team_a_*",), QuietHours("UTC", 1320, 420), "de", 2)


async def test_all_of_it_can_be_filled_in(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    form = settings_form(POLICY, Subject(SUPPORT_CHANNEL, 2), ("prod", "dev"), "UTC")
    await client.views_open(trigger_id=ws.hub.new_trigger(AUTHOR.id), view=form)
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Dags that are meant")).to_have_value("team_a_*")
    await expect(dialog.get_by_label("Time zone")).to_have_value("UTC")
    await expect(dialog.get_by_role("button", name="Save")).to_be_visible()


async def test_who_may_not_change_it_can_only_read(
    page: Page, ws: LocalWorkspace, client: AsyncWebClient
) -> None:
    shown = settings_shown(POLICY, "the admins")
    await client.views_open(trigger_id=ws.hub.new_trigger(AUTHOR.id), view=shown)
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("These may be changed by the admins.")
    await expect(dialog).to_contain_text("22:00 to 07:00 (UTC), every day")
    await expect(dialog.get_by_role("button", name="Save")).to_have_count(0)
