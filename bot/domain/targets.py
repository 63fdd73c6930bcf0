"""What a question is about: a cluster, a Dag, a run, a task instance, a try."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.words import say


@dataclass(frozen=True, slots=True)
class Target:
    """As far as it is known; `cluster` always is. `map_index` is None where not said."""

    cluster: str
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    try_number: int | None = None

    def label(self) -> str:
        """The target in words, e.g. `orders.load[3] in run X, try 2`."""
        name = self.dag_id or self.cluster
        if self.task_id:
            name += f".{self.task_id}"
        if self.map_index is not None and self.map_index >= 0:
            name += f"[{self.map_index}]"
        if self.run_id:
            name += say(" in run {run}", run=self.run_id)
        if self.try_number:
            name += say(", try {n}", n=self.try_number)
        return name


class RunChoice(StrEnum):
    """Which run the words point at, where no run id was given."""

    LATEST = "latest"
    LATEST_FAILED = "latest_failed"
    LAST_NIGHT = "last_night"
    YESTERDAY = "yesterday"
    TODAY = "today"
    PREVIOUS = "previous"
    ON_DATE = "on_date"
    ON_WEEKDAY = "on_weekday"
    AGO = "ago"
    UNSAID = "unsaid"


class DayPart(StrEnum):
    """The part of a day that was said beside the day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    NIGHT = "night"


@dataclass(frozen=True, slots=True)
class TargetHints:
    """What the words of a question say about its target, before Airflow was asked.

    `names` are candidates for Dag or task ids as written, best first. `exact` is filled where a
    URL or an alert named things outright.

    `run_date` is, with ON_DATE, a date or a time in ISO form, `--MM-DD` where no year was said; it
    may be impossible. With ON_WEEKDAY it is "monday" or, where the day before today is the latest
    that can be meant, "last monday". `ago` is seconds, with AGO; `run_said` are the words for it.
    `before_run` is the run that PREVIOUS counts from, where the thread is about one. `several` are
    the failures that the message asked about names outright, where it names more than one.
    """

    exact: Target | None = None
    names: tuple[str, ...] = ()
    cluster: str | None = None
    run: RunChoice = RunChoice.UNSAID
    run_date: str | None = None
    run_id: str | None = None
    task: str | None = None
    map_index: int | None = None
    try_number: int | None = None
    day_part: DayPart | None = None
    ago: float | None = None
    run_said: str = ""
    before_run: str | None = None
    several: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One target, with how it was understood, e.g. "the latest failed run"."""

    target: Target
    understood_as: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One of several targets that fit; `label` is short enough for a button (75 characters)."""

    label: str
    target: Target


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several targets fit: one question goes back, with buttons."""

    question: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Nothing fits; says what was looked for, where, and what came close."""

    looked_for: str
    where: tuple[str, ...]
    close: tuple[Option, ...] = ()
    remedy: str = ""
    unreachable: bool = False  # nobody answered, so whether it exists is not known


Resolution = Found | Ambiguous | Nowhere
