"""The door to where it is kept in which workspaces the app is installed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.installations import Installation


class Installations(Protocol):
    """Tokens are kept so that the database alone does not give them away. Every method raises
    `StoreError`, also where a token was kept under a key that is no longer known."""

    async def put(self, installation: Installation) -> None:
        """In place of the one of this workspace that is there."""
        ...

    async def find(self, workspace: str) -> Installation | None: ...

    async def list(self) -> Sequence[Installation]:
        """All, the oldest first."""
        ...

    async def remove(self, workspace: str, until: datetime) -> bool:
        """Unless it was installed again after `until`; whether it is gone."""
        ...

    async def may_renew(self, workspace: str, now: datetime, until: datetime) -> bool:
        """Whether the caller alone may have a new token made until then."""
        ...

    async def renewed(self, installation: Installation, used: str) -> bool:
        """Keeps its new tokens. False where the refresh token `used` is not the one that is there:
        the app was installed anew meanwhile, or is gone."""
        ...

    async def not_renewed(self, workspace: str) -> None:
        """Somebody else may try."""
        ...
