"""The books of what a model costs, in memory."""

from __future__ import annotations

from datetime import date

from bot.domain.errors import StoreError


class FakeLedger:
    """A `SpendLedger`; with `fails`, one that cannot be used."""

    def __init__(self, fails: StoreError | None = None) -> None:
        self._costs: dict[date, float] = {}
        self._fails = fails

    async def spent(self, day: date) -> float:
        self._check()
        return self._costs.get(day, 0.0)

    async def reserve(self, day: date, cost: float, cap: float) -> bool:
        if await self.spent(day) + cost > cap:
            return False
        await self.add(day, cost)
        return True

    async def add(self, day: date, cost: float) -> None:
        self._costs[day] = await self.spent(day) + cost

    def _check(self) -> None:
        if self._fails is not None:
            raise self._fails
