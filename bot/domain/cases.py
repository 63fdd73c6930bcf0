"""What the steps of one answer hand on to each other; all text in it is redacted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.answers import Link, Reply, SolvedBefore
from bot.domain.evidence import Evidence, Gap
from bot.domain.logs import LogReading
from bot.domain.questions import Intent
from bot.domain.runbooks import Passage
from bot.domain.targets import Found


@dataclass(frozen=True, slots=True)
class Manner:
    """How an answer is given. `is_private`: for the asker's eyes alone; `may_be_shared` says that
    they are offered to show it to all. `language` is the code of its fixed words, empty for
    English."""

    is_private: bool = False
    may_be_shared: bool = False
    language: str = ""


USUAL = Manner()


@dataclass(frozen=True, slots=True)
class Case:
    """Something to be diagnosed: what is meant, what was seen of it, and Airflow's pages of it."""

    intent: Intent
    found: Found
    evidence: Evidence
    links: tuple[Link, ...]
    manner: Manner = USUAL


@dataclass(frozen=True, slots=True)
class Settled:
    """A question that needs no diagnosis. `reply` is None where none is due; ready at `at`."""

    intent: Intent
    reply: Reply | None
    at: datetime
    manner: Manner = USUAL


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Passages that go with a verdict, best first, and failures like it that were solved; with them
    the reply was ready at `at`."""

    passages: tuple[Passage, ...]
    at: datetime
    solved: tuple[SolvedBefore, ...] = ()


@dataclass(frozen=True, slots=True)
class LateLog:
    """What came of reading a log on after the deadline; the gaps say why there is none."""

    reading: LogReading | None
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A reply as one onlooker may see it, and whether everybody in its channel may, too."""

    reply: Reply
    is_for_all: bool
