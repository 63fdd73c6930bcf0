"""Who is not one of the workspace's own: guests, people of other organisations, and everybody in a
channel that is shared with one."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from bot.domain.errors import MayNotAsk, NotTold
from bot.services.access_ports import Directory

_DIRECT = "D"  # begins the ids of direct messages


@dataclass(frozen=True, slots=True)
class Outsiders:
    """Of whom the workspace does not say anything for now, it is held that they are outsiders: what
    is kept or shown by mistake cannot be taken back. Where it lets nobody ask, nobody is one."""

    directory: Directory

    async def is_guest(self, user: str) -> bool:
        """Whether this person is none of the workspace's own."""
        return bool(user) and await _unless_told(self._is_guest(user))

    async def is_shared(self, channel: str) -> bool:
        """Whether people of other organisations read along there: nobody does in direct messages,
        of which many workspaces do not let an app ask."""
        if not channel or channel.startswith(_DIRECT):
            return False
        return await _unless_told(self.directory.is_shared(channel))

    async def _is_guest(self, user: str) -> bool:
        return (await self.directory.member(user)).is_guest


async def _unless_told(found: Awaitable[bool]) -> bool:
    try:
        return await found
    except MayNotAsk:
        return False
    except NotTold:
        return True
