"""The doors to what is known of people: who they are to Slack, and what they want of this bot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.domain.conversations import Turn
from bot.domain.people import Preferences, Profile


class Profiles(Protocol):
    async def profile(self, user_id: str) -> Profile:
        """A profile that has the id alone where Slack does not tell more. Never raises."""
        ...


class Privacy(Protocol):
    """Whether what somebody says may be stored."""

    async def keeps(self, workspace: str, user_id: str) -> bool:
        """True unless they switched it off. Raises `StoreError`: then it must not be stored."""
        ...


class PreferenceStore(Privacy, Protocol):
    """Every method raises `StoreError` where the database refuses."""

    async def preferences(self, workspace: str, user_id: str) -> Preferences: ...

    async def set_patterns(self, workspace: str, user_id: str, patterns: Sequence[str]) -> None: ...

    async def set_keeping(self, workspace: str, user_id: str, keeps: bool) -> None: ...


class RecentThreads(Protocol):
    async def recent(self, workspace: str, user_id: str, limit: int) -> Sequence[Turn]:
        """The newest turn of each thread in which somebody asked, newest first. `StoreError`."""
        ...


class NobodyKnown:
    """The port `Profiles` where there is nobody to ask."""

    async def profile(self, user_id: str) -> Profile:
        return Profile(user_id)
