"""The door to what waits for a person's decision."""

from __future__ import annotations

from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.reviews import ReviewDecision, ReviewItem, ReviewPage, ReviewQuery


class ReviewQueue(Protocol):
    """Every method raises `StoreError`, and bears being repeated.

    An item goes with its subject: with the case, or with the turn that was deleted or has expired.
    """

    async def open(self, item: ReviewItem) -> bool:
        """Once under its id; False where it was opened before, or its subject is not there."""
        ...

    async def get(self, item_id: str) -> ReviewItem | None: ...

    async def page(self, query: ReviewQuery) -> ReviewPage: ...

    async def decide(
        self, item_id: str, decision: ReviewDecision, entry: AuditEntry, label: str = ""
    ) -> ReviewItem | None:
        """Decides an open item, by whom, when and why `entry` says, which goes into the audit with
        it. None where there is no such item; one decided before stays and comes back as it is."""
        ...
