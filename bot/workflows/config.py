"""What the engine is told once, at its start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.work import Job
from bot.services.ports import DurableSteps

Handler = Callable[[Any, DurableSteps], Awaitable[Any]]
"""Does work of one kind, given its body; what it returns is kept."""


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """`url` is SQLAlchemy's with an async driver. A process that does not `work` only takes in.

    `at_once` questions are worked on at once. `poll` is seconds between looks into a queue,
    `lease` seconds without a sign of life after which a replica is dead. `is_claimed`: whoever made
    the engine has claimed a SQLite file for this process already.
    """

    url: str
    works: bool = True
    at_once: int = 16
    poll: float = 0.15
    lease: float = 12.0
    is_claimed: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """Work that comes up by itself: `cron` in UTC, `job` makes it for the time that is due."""

    name: str
    cron: str
    job: Callable[[datetime], Job]
