"""What the steps of one answer hand on to each other; all text in it is redacted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.answers import Link, Reply
from bot.domain.evidence import Evidence, Gap
from bot.domain.logs import LogReading
from bot.domain.questions import Intent
from bot.domain.runbooks import Passage
from bot.domain.targets import Found


@dataclass(frozen=True, slots=True)
class Case:
    """Something to be diagnosed: what is meant, what was seen of it, and Airflow's pages of it."""

    intent: Intent
    found: Found
    evidence: Evidence
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """A question that needs no diagnosis. `reply` is None where none is due; ready at `at`."""

    intent: Intent
    reply: Reply | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Passages that go with a verdict, best first; with them the reply was ready at `at`."""

    passages: tuple[Passage, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class LateLog:
    """What came of reading a log on after the deadline; the gaps say why there is none."""

    reading: LogReading | None
    gaps: tuple[Gap, ...] = ()
