"""What the model has cost today: set aside before a call, corrected after it.

A process that dies in between leaves its ceiling in the books: rather too much than too little.
"""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
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


class MemoryLedger:
    """Forgets with the process: for one-shot commands and tests."""

    def __init__(self) -> None:
        self._costs: dict[date, float] = {}

    async def spent(self, day: date) -> float:
        return self._costs.get(day, 0.0)

    async def reserve(self, day: date, cost: float, cap: float) -> bool:
        if self._costs.get(day, 0.0) + cost > cap:
            return False
        await self.add(day, cost)
        return True

    async def add(self, day: date, cost: float) -> None:
        self._costs[day] = self._costs.get(day, 0.0) + cost


class FileLedger:
    """One small file a day in `folder`, one line for each entry; for the processes of one machine.

    The file is locked while it is used, which the kernel undoes for a process that dies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def spent(self, day: date) -> float:
        return await asyncio.to_thread(self._spent, day)

    async def reserve(self, day: date, cost: float, cap: float) -> bool:
        return await asyncio.to_thread(self._reserve, day, cost, cap)

    async def add(self, day: date, cost: float) -> None:
        await asyncio.to_thread(self._reserve, day, cost, float("inf"))

    def _spent(self, day: date) -> float:
        with _told():
            if not self._folder.exists():
                return 0.0
            try:
                return _sum(self._file(day).read_text(encoding="ascii", errors="replace"))
            except FileNotFoundError:
                return 0.0

    def _reserve(self, day: date, cost: float, cap: float) -> bool:
        with _told():
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._file(day).open("a+", encoding="ascii", errors="replace") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                if _sum(file.read()) + cost > cap:
                    return False
                file.write(f"{cost:.8f}\n")
        return True

    def _file(self, day: date) -> Path:
        return self._folder / f"model-spend-{day:%Y-%m-%d}.txt"


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


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The ledger of what the model costs cannot be used: {error.strerror}. "
            "Make the folder of the spend ledger readable and writable."
        ) from error


def _sum(text: str) -> float:
    return sum(_number(line) for line in text.splitlines())


def _number(line: str) -> float:
    try:
        return float(line)
    except ValueError:
        return 0.0  # a line cut off by a full disk
