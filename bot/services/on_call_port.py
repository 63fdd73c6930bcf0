"""The door to whoever is on call; adapters stand behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.checks import Check
from bot.domain.oncall import OnCallNow, Page, PageOutcome, PageSeen, PageState, Responder


class OnCall(Protocol):
    """Who is called, level by level; each level may be kept elsewhere. No method raises for what
    a source does not answer: outcomes say so."""

    @property
    def levels(self) -> int:
        """How many there are; the first is 1. 0: nobody is configured."""
        ...

    async def on_call(self, level: int, at: datetime) -> OnCallNow: ...

    async def page(self, page: Page) -> PageOutcome:
        """Calls the responders of `page.level`; once, however often under the same key."""
        ...

    async def tell(
        self, level: int, key: str, state: PageState, by: Responder | None = None
    ) -> PageOutcome:
        """Keeps the pager of `level` in step: `key` was acknowledged or resolved here, by `by`.

        Told again it changes nothing; what was resolved stays so.
        """
        ...

    async def hand(
        self, level: int, key: str, to: Responder, by: Responder | None = None
    ) -> PageOutcome:
        """Gives what was paged under `key` to one person, in the pager of `level`, as `by` did
        here; `NAMED` where there is nothing to give. Done again it changes nothing."""
        ...

    async def seen(self, level: int, key: str) -> PageSeen:
        """Where `key` stands in the pager of `level`: people acknowledge there as well."""
        ...

    async def doctor(self) -> Sequence[Check]: ...
