"""How long something took, or waited, beside the same in earlier runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Measure(StrEnum):
    DURATION = "duration"
    QUEUED = "queued"  # from the scheduler's decision until a worker began


@dataclass(frozen=True, slots=True)
class Timed:
    """One run of it. `at` is when it began, or began to wait; `state` is Airflow's word."""

    run_id: str
    seconds: float
    at: datetime | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`this` beside `earlier`, which are oldest first and at least three.

    `name` is what was timed. `usual` is the median of those that went well, `limit` the seconds
    that it was given.
    """

    measure: Measure
    name: str
    this: Timed
    earlier: tuple[Timed, ...]
    usual: float | None = None
    limit: float | None = None
