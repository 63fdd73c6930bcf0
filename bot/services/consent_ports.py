"""The door to where it is kept which consents there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.consents import Consent


class Consents(Protocol):
    """Every method raises `StoreError`. What changes something enters `entry` into the audit in
    the same step, once under its key."""

    async def record(self, consent: Consent, entry: AuditEntry) -> None:
        """Once under its id, however often it is called."""
        ...

    async def withdraw(self, consent_id: str, by: str, at: datetime, entry: AuditEntry) -> bool:
        """From `at` on it is not in force. False where there is no such consent, or it was
        withdrawn before: then nothing changes, and nothing is entered."""
        ...

    async def find(self, consent_id: str) -> Consent | None: ...

    async def in_force(self, workspace: str, at: datetime) -> Sequence[Consent]:
        """The oldest first."""
        ...

    async def all(self, workspace: str = "") -> Sequence[Consent]:
        """Also those that are over, the oldest first; "" for those of every workspace."""
        ...
