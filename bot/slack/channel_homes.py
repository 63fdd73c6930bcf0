"""In which workspace a channel is that the settings name, where the app is installed in several."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.config import SlackConfig
from bot.slack.refusals import UNSURE, SlackUnavailable, is_passing, word_for
from bot.slack.workspaces import in_workspace

log = structlog.get_logger(__name__)


@dataclass
class ChannelHomes:
    """What the settings say counts; else each workspace is asked whether the channel is there, that
    of the settings first. Where it is a member is remembered."""

    client: AsyncWebClient
    config: SlackConfig
    _found: dict[str, str] = field(default_factory=dict)

    async def of(self, channel: str) -> str:
        """ "" where there is one workspace alone. A channel that is found nowhere counts as one of
        the settings' workspace.

        Raises `SlackUnavailable` where Slack does not say now, and `StoreError`.
        """
        tokens, default = self.config.tokens, self.config.workspace
        if tokens is None:
            return ""
        known = self.config.homes.get(channel) or self._found.get(channel)
        if known:
            return known
        others = [one for one in await tokens.workspaces() if one != default]
        seen_in = ""
        for workspace in filter(None, (default, *others)):
            is_member = await self._is_member(workspace, channel)
            if is_member:
                self._found[channel] = workspace
                return workspace
            if is_member is not None:
                seen_in = seen_in or workspace
        if not seen_in:
            log.warning("slack.channel_nowhere", channel=channel)
        return seen_in or default

    async def _is_member(self, workspace: str, channel: str) -> bool | None:
        """None where the channel is not seen there. Two may share it: who is in it can speak."""
        with in_workspace(workspace):
            try:
                found = await self.client.conversations_info(channel=channel)
            except (SlackClientError, *UNSURE) as error:
                if is_passing(error):
                    raise SlackUnavailable(word_for(error)) from error
                return None
        return bool((found.get("channel") or {}).get("is_member"))
