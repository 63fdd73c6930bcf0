"""Who may change what the bot does in a channel."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.domain.access import Action, Allowed, Decision, Denied
from bot.domain.errors import NotTold
from bot.domain.questions import Asker
from bot.services.access import Access
from bot.services.access_ports import Directory
from bot.words import mark

log = structlog.get_logger(__name__)

WHO = mark(
    "whoever made this channel, the admins and owners of this workspace, and those whom the bot's "
    "settings name"
)
_NOT_ONE = Denied("no manager of this channel")
_UNKNOWN = Denied("Slack does not tell whether they manage this channel")


class ChannelManagers:
    """`named` are ids of people, and ids or `@handles` of user groups, that manage any channel."""

    def __init__(self, access: Access, directory: Directory | None, named: Sequence[str]) -> None:
        self._access = access
        self._directory = directory
        self._named = tuple(named)

    async def may_change(self, asker: Asker, channel: str) -> Decision:
        """Denied as well where Slack does not tell."""
        if asker.is_external or not asker.user_id:
            return _NOT_ONE
        if asker.user_id in self._named:
            return Allowed("access.managers")
        rules = self._access.rules
        if rules:
            decision = await self._access.may(asker, channel, Action.SETTINGS)
            if isinstance(decision, Allowed):
                return decision
        return await self._by_directory(asker.user_id, channel)

    async def _by_directory(self, user_id: str, channel: str) -> Decision:
        if self._directory is None:
            return _UNKNOWN
        unknown = False
        for look in (self._is_admin, self._is_creator, self._is_in_group):
            try:
                if rule := await look(self._directory, user_id, channel):
                    return Allowed(rule)
            except NotTold as error:
                log.warning("access.manager_unknown", error=str(error))
                unknown = True
        return _UNKNOWN if unknown else _NOT_ONE

    async def _is_admin(self, directory: Directory, user_id: str, channel: str) -> str:
        return "workspace admin" if (await directory.member(user_id)).is_admin else ""

    async def _is_creator(self, directory: Directory, user_id: str, channel: str) -> str:
        return "channel creator" if await directory.creator(channel) == user_id else ""

    async def _is_in_group(self, directory: Directory, user_id: str, channel: str) -> str:
        for group in self._named:
            if group.startswith(("S", "@")) and user_id in await directory.members(group):
                return "access.managers"
        return ""
