"""What the model has cost today: set aside before a call, corrected after it.

A process that dies in between leaves its ceiling in the books: rather too much than too little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import structlog

from bot.domain.errors import StoreError

log = structlog.get_logger(__name__)


class SpendLedger(Protocol):
    """Costs by UTC day, shared by all who ask. Raises `StoreError` where it cannot be used."""

    async def spent(self, day: date) -> float: ...

    async def reserve(self, day: date, cost: float, cap: float) -> bool:
        """Adds `cost`, unless the day would then have cost more than `cap`; in one go, so that
        those who ask at once cannot break the cap together."""
        ...

    async def add(self, day: date, cost: float) -> None:
        """Below zero where less was spent than had been reserved."""
        ...


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was set aside for one call; `refusal` says why it may not be made, empty otherwise."""

    day: date
    cost: float = 0.0
    refusal: str = ""


class DayBudget:
    """Lets a call through only if the day's cap also holds for all calls still under way."""

    def __init__(self, cap: float | None, ledger: SpendLedger, now: Callable[[], datetime]) -> None:
        """`now` gives aware UTC times; the day ends at midnight UTC."""
        self._cap = cap
        self._ledger = ledger
        self._now = now

    @property
    def cap(self) -> float | None:
        return self._cap

    async def reserve(self, cost: float) -> Reserved:
        """Sets `cost` aside; an unusable ledger lets nothing through."""
        day = self._today()
        if self._cap is None:
            return Reserved(day)
        try:
            if await self._ledger.reserve(day, cost, self._cap):
                return Reserved(day, cost)
        except StoreError as error:
            log.error("model_ledger_unreadable", error=str(error))
            return Reserved(day, refusal="the ledger of what the model has cost cannot be used")
        return Reserved(day, refusal="the cost cap for today is reached")

    async def settle(self, reserved: Reserved, cost: float) -> None:
        """What was set aside is replaced by what it really cost."""
        difference = cost - reserved.cost
        if not difference:
            return
        try:
            await self._ledger.add(reserved.day, difference)
        except StoreError as error:
            # What cannot be written down stays set aside.
            log.error("model_ledger_unwritable", error=str(error))

    async def spent(self) -> float:
        """Today, calls under way at their ceiling. Raises `StoreError`."""
        return await self._ledger.spent(self._today())

    def _today(self) -> date:
        return self._now().date()
