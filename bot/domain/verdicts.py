"""The conclusion of a diagnosis: whose side the fault is on, why, and what could not be seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.evidence import Gap
from bot.words import mark


class VerdictKind(StrEnum):
    """Whose side the fault is on; the same six words in blocks, database and dataset."""

    CAPACITY = "capacity"
    PLATFORM = "platform"
    CODE = "code"
    DEPENDENCY = "dependency"
    OPERATOR = "operator"
    UNKNOWN = "unknown"

    @property
    def headline(self) -> str:
        """What the asker reads first."""
        return _HEADLINES[self]


_HEADLINES = {
    VerdictKind.CAPACITY: mark("Not your code: capacity"),
    VerdictKind.PLATFORM: mark("Not your code: platform"),
    VerdictKind.CODE: mark("Your code"),
    VerdictKind.DEPENDENCY: mark("Something it depends on"),
    VerdictKind.OPERATOR: mark("Done on purpose"),
    VerdictKind.UNKNOWN: mark("I can't tell yet"),
}


class ErrorClass(StrEnum):
    """Names of AIP-97 / AIP-105 where one fits, so that Airflow's classes and ours compare."""

    AUTH = "auth"
    RATE_LIMIT = "rate_limit"
    NETWORK = "network"
    DATA = "data"
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    RESOURCE = "resource"
    UNKNOWN = "unknown"


class RetryAdvice(StrEnum):
    """Whether running the same thing again can help."""

    HELPS = "helps"
    POINTLESS = "pointless"
    AFTER_FIX = "after_fix"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Quote:
    """A piece of evidence, verbatim (redacted) and with its origin.

    `id` is what a claim cites: `L118` for log line 118 of the deciding try, `E4` for an
    event-log entry, `M1` for a fact from metadata, `X1` for other text. Unique in one diagnosis.
    `is_new`: the log of the last successful run was compared, and has no such line.
    """

    id: str
    text: str
    source: str  # "task log", "event log", "pool", "import error", "scheduler log" ...
    try_number: int | None = None
    line: int | None = None
    at: str | None = None  # ISO 8601, UTC
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A cause that was considered and does not fit, with the reason. `title` is its runbook's."""

    cause: str
    reason: str
    quote: Quote | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion. `confidence` is in 0..1 and calibrated on the labelled corpus."""

    kind: VerdictKind
    cause: str  # one of the closed list: the name of a runbook
    title: str
    confidence: float
    quotes: tuple[Quote, ...]  # the deciding one first
    why: str  # one or two plain sentences
    retry: RetryAdvice
    owner: str  # "platform", "dag_owner", or a team name
    error_class: ErrorClass = ErrorClass.UNKNOWN
    ruled_out: tuple[RuledOut, ...] = ()
    also_possible: tuple[str, ...] = ()  # other causes that fit less well
    gaps: tuple[Gap, ...] = ()
    possible_titles: tuple[str, ...] = ()  # of `also_possible`, one each, in their order

    @property
    def deciding(self) -> Quote | None:
        """The quote that settles it, if anything does."""
        return self.quotes[0] if self.quotes else None
