"""The doors through which it is found out who may do what, and where that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.audit import AuditEntry, AuditQuery
from bot.domain.channel_policies import ChannelPolicy, PolicyKey


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the workspace. `is_guest`: let into some channels only, or of another one."""

    user_id: str
    is_admin: bool = False
    is_guest: bool = False


class Directory(Protocol):
    """Who belongs to what, as the workspace says. Every method raises `NotTold` where it does not
    answer, and `MayNotAsk` where it will not let the bot know."""

    async def members(self, group: str) -> frozenset[str]:
        """The people of a user group, by its id or `@handle`; empty where there is none."""
        ...

    async def channel_name(self, channel: str) -> str: ...

    async def is_shared(self, channel: str) -> bool:
        """Whether people of other organisations read along there."""
        ...

    async def creator(self, channel: str) -> str:
        """Who made the channel; empty where it has no maker."""
        ...

    async def member(self, user_id: str) -> Member: ...


class AuditLog(Protocol):
    """What was denied or takes a right, kept for good. Every method raises `StoreError`."""

    async def add(self, *entries: AuditEntry) -> None:
        """Once under its key, however often it is called."""
        ...

    async def entries(self, query: AuditQuery) -> Sequence[AuditEntry]:
        """Newest first."""
        ...


class ChannelPolicies(Protocol):
    """How the bot behaves in each channel. Every method raises `StoreError`."""

    async def policy(self, key: PolicyKey) -> ChannelPolicy:
        """The default where nobody has set one."""
        ...

    async def save(self, key: PolicyKey, policy: ChannelPolicy, entry: AuditEntry) -> bool:
        """Keeps it with its entry in the audit, in place of the version before it. False where
        somebody else was faster: nothing is changed then."""
        ...
