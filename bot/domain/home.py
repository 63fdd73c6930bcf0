"""What somebody sees on the bot's Home tab."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.answers import ClusterReport
from bot.domain.people import Preferences
from bot.domain.reports import FailingDags


@dataclass(frozen=True, slots=True)
class RecentThread:
    """`url` is its permalink, "" where Slack gives none."""

    title: str
    at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class OpenEscalation:
    """One that is not resolved; `standing` says where it is, in words."""

    title: str
    standing: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """`failing` None: could not be looked up; `missing` says what else was not seen, and why."""

    made_at: datetime
    preferences: Preferences
    failing: FailingDags | None
    clusters: tuple[ClusterReport, ...] = ()
    escalations: tuple[OpenEscalation, ...] = ()
    threads: tuple[RecentThread, ...] = ()
    missing: tuple[str, ...] = ()
