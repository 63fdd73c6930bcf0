"""What is shown under a link to Airflow: how that Dag, run or task stands; nothing of its log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.targets import Target


@dataclass(frozen=True, slots=True)
class LinkCard:
    """`state` is that of the task, else of the run, else of the latest run; None where there is
    none. `failed` are tasks of the run that did; `duration` is in seconds."""

    target: Target
    state: str | None = None
    of_latest_run: bool = False
    ended: datetime | None = None
    duration: float | None = None
    try_number: int = 0
    failed: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    is_paused: bool = False
