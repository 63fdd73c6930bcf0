"""What a week of questions says about the bot: where it did not help, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.runbooks import RunbookReview
from bot.domain.verdicts import VerdictKind
from bot.domain.work import Job, Priority, Queue

REPORT_DUE = "gap_report_due"
"""The kind of the job that sees whether a report is due."""
REPORT = "gap_report"
"""The kind of the job that makes a report and posts it."""

WEEK = timedelta(days=7)
FEW = 20
"""Of fewer a share in percent, or a 95th percentile, says nothing."""
CHARTED = 8
"""Weeks that a chart goes back."""


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """Questions of one week about failures. `p50` and `p95` are seconds to the first answer, None
    where there are too few to say. `said` counts those about whose end somebody said something,
    `alone` those of them that no human solved. `needless` are escalations in which the human found
    the bot to have been right all along, of `told` in which they said so or not."""

    start: datetime
    questions: int = 0
    unanswered: int = 0
    wrong: int = 0
    contradicted: int = 0
    abandoned: int = 0
    said: int = 0
    alone: int = 0
    escalations: int = 0
    told: int = 0
    needless: int = 0
    p50: float | None = None
    p95: float | None = None

    @property
    def until(self) -> datetime:
        return self.start + WEEK


@dataclass(frozen=True, slots=True)
class CauseGap:
    """One cause that the bot gave, with the questions of the week to which that was no help."""

    cause: str
    title: str
    unanswered: int
    wrong: int
    questions: int


@dataclass(frozen=True, slots=True)
class Side:
    """How many of the questions of one week were on that side."""

    start: datetime
    verdict: str
    questions: int


@dataclass(frozen=True, slots=True)
class ClusterSides:
    """One cluster over the weeks, oldest first."""

    cluster: str
    sides: tuple[Side, ...]

    @property
    def questions(self) -> int:
        return sum(one.questions for one in self.sides)

    def count(self, start: datetime, kind: VerdictKind) -> int:
        """Questions of the week that began then."""
        held = (one for one in self.sides if (one.start, one.verdict) == (start, kind.value))
        return sum(one.questions for one in held)


@dataclass(frozen=True, slots=True)
class GapReport:
    """`weeks` are oldest first, the last is the one reported on. `drafts` counts runbooks
    that await a decision, `failing` are files that were refused."""

    weeks: tuple[WeekFigures, ...]
    causes: tuple[CauseGap, ...] = ()
    clusters: tuple[ClusterSides, ...] = ()
    reviews: tuple[RunbookReview, ...] = ()
    drafts: int = 0
    failing: tuple[str, ...] = ()

    @property
    def week(self) -> WeekFigures:
        return self.weeks[-1]

    @property
    def before(self) -> WeekFigures | None:
        return self.weeks[-2] if len(self.weeks) > 1 else None


@dataclass(frozen=True, slots=True)
class ReportLook:
    """The body of a job of kind `REPORT_DUE`: the look that was due at `at`, UTC."""

    at: datetime


@dataclass(frozen=True, slots=True)
class ReportWanted:
    """The body of a job of kind `REPORT`: of the week until then."""

    until: datetime
    key: str


def look_job(at: datetime) -> Job:
    key = f"{REPORT_DUE}:{at:%Y-%m-%dT%H:%M}"
    return Job(key, REPORT_DUE, ReportLook(at), Queue.LATER, share=REPORT_DUE)


def report_job(until: datetime, again: str = "") -> Job:
    """One for each week, however often and by however many it is handed in; `again` names one that
    somebody asked for besides."""
    key = f"{REPORT}:{until:%Y-%m-%dT%H:%M}{f':{again}' if again else ''}"
    body = ReportWanted(until, key)
    return Job(key, REPORT, body, Queue.LATER, share=REPORT, priority=Priority.REPORTED)
