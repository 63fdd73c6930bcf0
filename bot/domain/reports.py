"""Replies to commands that look at no single run: a runbook, somebody's failing Dags, who is on
call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.evidence import Gap
from bot.domain.oncall import OnCallNow


@dataclass(frozen=True, slots=True)
class RunbookName:
    cause: str
    title: str


@dataclass(frozen=True, slots=True)
class RunbookReport:
    """A runbook, its sections as Markdown. `cause` is "" where none fits what was `asked`;
    `others` are then the ones to choose from, else those that fit less well."""

    reference: str
    asked: str
    cause: str = ""
    title: str = ""
    owner: str = ""
    sections: tuple[tuple[str, str], ...] = ()  # heading and text
    link: str = ""  # where people read it
    others: tuple[RunbookName, ...] = ()


@dataclass(frozen=True, slots=True)
class FailingDag:
    """A Dag with a task that failed lately. `why_yours` says what made it the asker's; `recovered`:
    its latest run ended well. `link` is the run in Airflow."""

    cluster: str
    dag_id: str
    why_yours: str
    task_id: str
    run_id: str
    failed_at: datetime | None
    failed_tasks: int = 1
    recovered: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class FailingDags:
    """The asker's, newest failure first. `known_as` is what they were looked for by; `patterns` are
    those they saved. `more` were left out of the list."""

    reference: str
    dags: tuple[FailingDag, ...]
    hours: int
    known_as: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    several_clusters: bool = False
    more: int = 0
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class OnCallLevel:
    """`then` is who comes next; None where the source does not say when."""

    now: OnCallNow
    then: OnCallNow | None = None


@dataclass(frozen=True, slots=True)
class OnCallReport:
    """The first level first; none where no source is configured."""

    reference: str
    levels: tuple[OnCallLevel, ...] = ()
