"""What the model has cost today, kept over restarts and shared by processes on one machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)


class SpendLedger(Protocol):
    """Costs by UTC day; both methods may touch a disk and are called in a thread."""

    def spent(self, day: date) -> float: ...

    def add(self, day: date, cost: float) -> None: ...


class MemoryLedger:
    """Forgets with the process: for one-shot commands and tests."""

    def __init__(self) -> None:
        self._costs: dict[date, float] = {}

    def spent(self, day: date) -> float:
        return self._costs.get(day, 0.0)

    def add(self, day: date, cost: float) -> None:
        self._costs[day] = self.spent(day) + cost


class FileLedger:
    """One small file a day in `folder`, one line for each call.

    Lines are short appends, which the kernel does not mix, so several processes may share a folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def spent(self, day: date) -> float:
        try:
            text = self._file(day).read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return 0.0
        return sum(_number(line) for line in text.splitlines())

    def add(self, day: date, cost: float) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._file(day).open("a", encoding="ascii") as file:
            file.write(f"{cost:.8f}\n")

    def _file(self, day: date) -> Path:
        return self._folder / f"model-spend-{day:%Y-%m-%d}.txt"


class DayBudget:
    """Lets a call through only if the day's cap also holds for the calls still under way."""

    def __init__(self, cap: float | None, ledger: SpendLedger, now: Callable[[], datetime]) -> None:
        """`now` gives aware UTC times; the day ends at midnight UTC."""
        self._cap = cap
        self._ledger = ledger
        self._now = now
        self._reserved = 0.0

    @property
    def cap(self) -> float | None:
        return self._cap

    async def reserve(self, cost: float) -> str:
        """Sets `cost` aside, else says why not; an unreadable ledger lets nothing through."""
        if self._cap is None:
            return ""
        # Set aside before the first await: calls that start together must see each other.
        self._reserved += cost
        try:
            refused = await self.spent() + self._reserved > self._cap
        except OSError as error:
            log.error("model_ledger_unreadable", error=error.strerror)
            self._reserved -= cost
            return "the ledger of what the model has cost cannot be read"
        if refused:
            self._reserved -= cost
        return "the cost cap for today is reached" if refused else ""

    async def settle(self, reserved: float, cost: float) -> None:
        """What was set aside is given back, what it really cost is kept."""
        try:
            if cost > 0:
                await asyncio.to_thread(self._ledger.add, self._today(), cost)
        except OSError as error:
            # What cannot be written down stays set aside until the process ends.
            log.error("model_ledger_unwritable", error=error.strerror)
        else:
            if self._cap is not None:
                self._reserved -= reserved

    async def spent(self) -> float:
        return await asyncio.to_thread(self._ledger.spent, self._today())

    def _today(self) -> date:
        return self._now().date()


def _number(line: str) -> float:
    try:
        return max(float(line), 0.0)
    except ValueError:
        return 0.0  # a line cut off by a full disk
