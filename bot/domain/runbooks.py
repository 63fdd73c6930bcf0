"""A known failure and what to do about it: the value behind one file in `runbooks/`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.domain.verdicts import ErrorClass, RetryAdvice, VerdictKind


@dataclass(frozen=True, slots=True)
class Signature:
    """A literal or, with `is_regex`, an RE2 pattern, over normalised log lines and messages."""

    pattern: str
    is_regex: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """`signal` compared with `value`; `negated` for entries under `none`.

    `value` may be a literal, a `/regex/`, a number comparison (`>=3`) or `*` for "present".
    """

    signal: str
    value: str


@dataclass(frozen=True, slots=True)
class When:
    """`all` must hold, at least one of `any` (if there are any), and nothing of `none`."""

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    none: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One `## heading` of the body, Markdown."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One runbook file: documentation for people, knowledge for the model, rule of the classifier.

    `judgement` names a function in `bot.diagnosis.judgements` for what front matter cannot say.
    `rank` breaks ties between causes at equal depth: the more specific file has the higher one.
    `confidence` is the prior of this rule when it matches cleanly (0..1).
    """

    cause: str
    title: str
    verdict: VerdictKind
    retry: RetryAdvice
    signatures: tuple[Signature, ...]
    when: When
    owner: str
    sections: tuple[Section, ...]
    path: str
    judgement: str | None = None
    rank: int = 0
    confidence: float = 0.85
    error_class: ErrorClass = ErrorClass.UNKNOWN
    airflow: str = ""  # version specifier, "" for any
    executors: tuple[str, ...] = ()
    escalate_after: str = ""
    last_reviewed: date | None = None
    review_after_days: int = 180
    catches: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    explains: str = ""  # one sentence for "why", may hold {placeholders} of signals
    symptom_of: tuple[str, ...] = ()  # causes that look like this one from outside

    def section(self, heading: str) -> str:
        """The text under `heading`, or "" where the file has none."""
        return next((s.text for s in self.sections if s.heading.lower() == heading.lower()), "")


@dataclass(frozen=True, slots=True)
class RunbookReview:
    """A runbook that its owner should look at: its review was due on `due`, or `wrong` of the
    answers that rested on it were said to be wrong, of `said` of which anybody said anything."""

    cause: str
    title: str
    owner: str
    due: date | None = None
    wrong: int = 0
    said: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved piece of knowledge with its citation."""

    id: str  # what a claim cites: "R1"
    title: str
    text: str
    source: str  # "runbook", "dag docs", "resolved case"
    cause: str | None = None
    score: float = 0.0
