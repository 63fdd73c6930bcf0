"""The Home tab as Slack keeps it: one view a person, and never an older one over a newer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.refusals import UNSURE, SlackUnavailable, is_passing, word_for

log = structlog.get_logger(__name__)

_CONFLICT = "hash_conflict"
_SECONDS = 10.0


class Tabs:
    """Publishing a view twice shows the same, so calls of unknown outcome are made again."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def publish_first(self, user: str, view: Mapping[str, Any]) -> None:
        """A sign of work, tried once."""
        try:
            await self._publish(user, view, "")
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.home_not_begun", error=word_for(error))

    async def publish(self, user: str, view: Mapping[str, Any], seen: str) -> None:
        """`seen` is the hash of what the view was to replace, "" where that does not matter. What
        was changed meanwhile was changed by us, and is older than this.

        Raises `SlackUnavailable` where it may go through later.
        """
        try:
            await self._publish(user, view, seen)
        except (SlackClientError, *UNSURE) as error:
            if seen and word_for(error) == _CONFLICT:
                log.info("slack.home_changed_meanwhile")
                await self.publish(user, view, "")
                return
            if is_passing(error):
                raise SlackUnavailable(word_for(error)) from error
            log.warning("slack.home_not_published", error=word_for(error))

    async def _publish(self, user: str, view: Mapping[str, Any], seen: str) -> None:
        async with asyncio.timeout(_SECONDS):
            await self._client.views_publish(user_id=user, view=dict(view), hash=seen or None)
