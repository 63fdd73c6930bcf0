"""Whether the bot may speak where it is to speak by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.checks import Check, CheckStatus
from bot.slack.channel_homes import ChannelHomes
from bot.slack.client import web_client
from bot.slack.config import SlackConfig
from bot.slack.refusals import UNSURE, SlackUnavailable, code_of
from bot.slack.workspaces import in_workspace

_PART = "slack"
_UNKNOWN = frozenset({"missing_scope", "not_allowed_token_type", "method_not_supported"})


async def check_channels(config: SlackConfig, channels: Mapping[str, str]) -> Sequence[Check]:
    """`channels` says by id which setting names each. One check a channel, in its workspace where
    there are several. Raises `StoreError`."""
    client = web_client(config, config.bot_token)
    homes = ChannelHomes(client, config)
    checks = []
    for channel, key in channels.items():
        try:
            home = await homes.of(channel)
        except SlackUnavailable:
            home = config.workspace  # where the same comes of it, and is said
        with in_workspace(home):
            checks.append(await _check(client, channel, key))
    return checks


async def _check(client: AsyncWebClient, channel: str, key: str) -> Check:
    name = f"channel {channel}"
    try:
        found = (await client.conversations_info(channel=channel)).get("channel") or {}
    except SlackApiError as error:
        if code_of(error) in _UNKNOWN:
            detail = f"Slack does not say whether the bot is a member: {code_of(error)}"
            return Check(_PART, name, CheckStatus.SKIPPED, detail)
        remedy = f"Correct {key}, or invite the bot there: of private channels it sees its own."
        detail = f"not to be found: {code_of(error)}"
        return Check(_PART, name, CheckStatus.FAILED, detail, remedy)
    except (*UNSURE, SlackClientError) as error:
        detail = f"Slack does not answer ({type(error).__name__})"
        return Check(_PART, name, CheckStatus.FAILED, detail, "Check slack.api_url.")
    title = f"#{found.get('name') or channel}"
    if found.get("is_archived"):
        remedy = f"Give another channel in {key}."
        return Check(_PART, name, CheckStatus.FAILED, f"{title} is archived", remedy)
    if not found.get("is_member"):
        remedy = f"Invite the bot there (/invite), or correct {key}."
        detail = f"the bot is no member of {title}"
        return Check(_PART, name, CheckStatus.FAILED, detail, remedy)
    return Check(_PART, name, CheckStatus.OK, f"the bot is a member of {title}")
