"""The units a log is read in: a head says who wrote when, rows are the lines under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.logs import Speaker

LEVELS = {
    "trace": 0,
    "debug": 0,
    "info": 1,
    "warn": 2,
    "warning": 2,
    "error": 3,
    "severe": 3,
    "fatal": 4,
    "critical": 4,
}


@dataclass(slots=True)
class Head:
    """What a record says of itself. `number` is that of its first line."""

    number: int
    at: datetime | None = None
    level: str | None = None
    logger: str | None = None
    source: str | None = None
    speaker: Speaker = Speaker.TASK
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rank(self) -> int:
        """0 debug, 1 information or unknown, 2 warning, 3 error, 4 critical."""
        return LEVELS.get(self.level or "info", 1)


@dataclass(slots=True)
class Row:
    """One line of text under a head. `follows` is False where lines before it were dropped.

    `inner` is the level that the text gives itself (Spark, dbt, a nested record). `is_new`: the
    log of a successful run, where it was compared, has no such line.
    """

    number: int
    text: str
    head: Head
    follows: bool = True
    inner: str | None = None
    is_new: bool = False

    @property
    def relayed(self) -> bool:
        """Output of something else that was passed on line by line."""
        return self.head.speaker in (Speaker.CHILD, Speaker.STDOUT, Speaker.STDERR)

    @property
    def inner_rank(self) -> int | None:
        """As `Head.rank`, None where the text names no level."""
        return None if self.inner is None else LEVELS.get(self.inner)
