"""Who is not one of the workspace's own: guests, people of other organisations, and everybody in a
channel that is shared with one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.refusals import MAY_NOT_ASK, UNSURE, code_of, word_for
from bot.slack.workspaces import workspace_here

log = structlog.get_logger(__name__)

_SECONDS = 3.0
_KNOWN_FOR = 3_600.0  # seconds until somebody is asked about again
_REMEMBERED = 10_000  # people and channels
GUEST = ("is_restricted", "is_ultra_restricted", "is_stranger")
"""What Slack says of people who are none of the workspace's own."""
SHARED = ("is_ext_shared", "is_pending_ext_shared")
"""What it says of channels that others read."""


@dataclass
class Outsiders:
    """`clock` gives seconds that never go back. Of whom Slack does not say anything for now, it is
    held that they are outsiders: what is kept or shown by mistake cannot be taken back."""

    client: AsyncWebClient
    clock: Callable[[], float]
    _known: OrderedDict[tuple[str, str], tuple[float, bool]] = field(default_factory=OrderedDict)

    async def is_guest(self, user: str) -> bool:
        """Whether this person is none of the workspace's own."""
        return bool(user) and await self._is(user, self._ask_of_user)

    async def is_shared(self, channel: str) -> bool:
        """Whether people of other organisations read along there."""
        return bool(channel) and await self._is(channel, self._ask_of_channel)

    async def _is(self, who: str, ask: Callable[[str], Awaitable[bool]]) -> bool:
        key = (workspace_here(), who)
        known = self._known.get(key)
        if known is not None and self.clock() - known[0] < _KNOWN_FOR:
            self._known.move_to_end(key)
            return known[1]
        try:
            async with asyncio.timeout(_SECONDS):
                found = await ask(who)
        except (SlackClientError, *UNSURE) as error:
            may_not = isinstance(error, SlackApiError) and code_of(error) in MAY_NOT_ASK
            log.warning("slack.not_known_who", error=word_for(error))
            if not may_not:
                return True
            found = False
        self._known[key] = (self.clock(), found)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found

    async def _ask_of_user(self, user: str) -> bool:
        reply = await self.client.users_info(user=user)
        return _any_of(reply.get("user"), GUEST)

    async def _ask_of_channel(self, channel: str) -> bool:
        reply = await self.client.conversations_info(channel=channel)
        return _any_of(reply.get("channel"), SHARED)


def _any_of(about: object, names: tuple[str, ...]) -> bool:
    return isinstance(about, Mapping) and any(_is_true(about, name) for name in names)


def _is_true(about: Mapping[str, Any], name: str) -> bool:
    return about.get(name) is True
