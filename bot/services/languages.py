"""Which language is spoken where: a channel's is set in it, that of direct messages is their
reader's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.domain.channel_policies import LANGUAGES, PolicyKey
from bot.domain.errors import BotError
from bot.services.access_ports import ChannelPolicies
from bot.words import ENGLISH

log = structlog.get_logger(__name__)

_DIRECT = "D"  # begins the ids of direct messages


class Locales(Protocol):
    async def locale(self, user_id: str) -> str:
        """As somebody has set it, e.g. `de-DE`; "" where nobody says. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Languages:
    """Without `policies` no channel has a language of its own, without `locales` nobody has.
    `home` gives the workspace that is meant where none is named."""

    policies: ChannelPolicies | None = None
    locales: Locales | None = None
    home: Callable[[], Awaitable[str]] | None = None

    async def of(self, workspace: str, channel: str, user: str = "") -> str:
        """The code of the channel's language; in direct messages, and where there is no channel,
        that of `user`. English where it is not known for now. Never raises."""
        if not channel or channel.startswith(_DIRECT):
            return await self._of_person(user)
        if self.policies is None:
            return ENGLISH
        try:
            if not workspace and self.home is not None:
                workspace = await self.home()
            return (await self.policies.policy(PolicyKey(workspace, channel))).language
        except BotError as error:
            log.warning("language.not_known", error=type(error).__name__)
            return ENGLISH

    async def _of_person(self, user: str) -> str:
        if self.locales is None or not user:
            return ENGLISH
        language = (await self.locales.locale(user)).partition("-")[0].lower()
        return language if language in LANGUAGES else ENGLISH
