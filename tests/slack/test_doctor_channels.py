"""What `doctor` says of the channels in which the bot speaks by itself."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.checks import CheckStatus
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.faults import Fault, FaultKind
from bot.playground.workspace.world import GENERAL_CHANNEL, SUPPORT_CHANNEL
from bot.slack.config import SlackConfig
from bot.slack.doctor_channels import check_channels

ROUTE = "failure_webhook.routes.0.channels"
CHANNELS = {
    SUPPORT_CHANNEL: "failure_webhook.channel",
    GENERAL_CHANNEL: ROUTE,
    "C0NOWHERE1": ROUTE,
}


async def test_each_channel_is_checked_with_the_setting_that_names_it(
    ws: LocalWorkspace, config: SlackConfig
) -> None:
    member, stranger, unknown = await check_channels(config, CHANNELS)
    assert (member.status, member.detail) == (
        CheckStatus.OK,
        "the bot is a member of #airflow-support",
    )
    assert stranger.status is CheckStatus.FAILED
    assert "no member of #general" in stranger.detail
    assert ROUTE in stranger.remedy
    assert (unknown.status, ROUTE in unknown.remedy) == (CheckStatus.FAILED, True)


async def test_a_slack_that_does_not_say_is_no_fault_and_one_that_is_away_is(
    ws: LocalWorkspace, config: SlackConfig
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "conversations.info", error="missing_scope"))
    (check,) = await check_channels(config, {SUPPORT_CHANNEL: ROUTE})
    assert check.status is CheckStatus.SKIPPED
    away = replace(config, api_url="http://127.0.0.1:9/api/")
    (check,) = await check_channels(away, {SUPPORT_CHANNEL: ROUTE})
    assert check.status is CheckStatus.FAILED
