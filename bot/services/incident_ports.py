"""The doors to what is known of incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.incidents import FailureSeen


class Incidents(Protocol):
    """Failures by incident: those that were looked into, and those that Airflow reported and an
    alert took in. Every method raises `StoreError`."""

    async def keep(self, failure: FailureSeen) -> None:
        """What is known of its task instance from now on."""
        ...

    async def since(self, since: datetime, limit: int) -> Sequence[FailureSeen]:
        """The newest first; at most `limit`."""
        ...

    async def of(self, incident: str, since: datetime, limit: int) -> Sequence[FailureSeen]:
        """The same of one incident."""
        ...

    async def tidy(self, before: datetime) -> int:
        """Forgets what is older; how many failures that were."""
        ...
