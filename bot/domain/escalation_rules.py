"""When a human is called: asked for, not understood, or an incident of the platform that lasts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.escalations import Fired, Rule, Severity
from bot.domain.verdicts import Verdict, VerdictKind
from bot.words import mark, percent

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_DURATION = r"(?P<number>\d{1,4}) ?(?P<unit>m|h|d|minutes?|hours?|days?)"
_OCCURRENCES = re.compile(
    rf"(?P<count>\d{{1,4}}) occurrences in {_DURATION}(?: (?P<over>over different Dags|on one host"
    r"|for one task))?"
)
_LASTING = re.compile(rf"{_DURATION}(?: of failures)?")
_AT_ONCE, _NEVER = "at once", "never by itself"
_PLATFORM = frozenset({VerdictKind.PLATFORM, VerdictKind.CAPACITY})


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One failure of an incident; the same failure is one occurrence however often it is seen."""

    at: datetime
    dag: str = ""  # with its cluster
    task: str = ""  # with its Dag
    host: str = ""


class Among(StrEnum):
    """Which occurrences count together."""

    ALL = ""
    DIFFERENT_DAGS = "over different Dags"
    ONE_HOST = "on one host"
    ONE_TASK = "for one task"


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a runbook says under `escalate_after`: so many occurrences within a time, or occurrences
    that go on for longer than `lasting`. `words` are the runbook's own."""

    words: str
    count: int = 1
    within: timedelta = timedelta(hours=1)
    among: Among = Among.ALL
    lasting: timedelta | None = None

    @property
    def window(self) -> timedelta:
        """How far back occurrences matter."""
        # What went on before a break of the same length is another incident.
        return self.lasting * 2 if self.lasting is not None else self.within

    def is_crossed(self, occurrences: Sequence[Occurrence], now: datetime) -> bool:
        """`occurrences` in any order, the present one among them."""
        recent = [one for one in occurrences if one.at >= now - self.window]
        if self.lasting is not None:
            return any(one.at <= now - self.lasting for one in recent)
        return _COUNTED[self.among](recent) >= self.count


def _most(names: Sequence[str]) -> int:
    return max(Counter(name for name in names if name).values(), default=0)


_COUNTED: Mapping[Among, Callable[[Sequence[Occurrence]], int]] = {
    Among.ALL: len,
    Among.DIFFERENT_DAGS: lambda seen: len({one.dag for one in seen if one.dag}),
    Among.ONE_HOST: lambda seen: _most([one.host for one in seen]),
    Among.ONE_TASK: lambda seen: _most([one.task for one in seen]),
}


def threshold_of(words: str) -> Threshold | None:
    """The threshold behind a runbook's `escalate_after`; None where it names none that can be
    counted, such as "never by itself" or a sentence for people."""
    words = " ".join(words.split())
    if words == _AT_ONCE:
        return Threshold(words)
    if found := _OCCURRENCES.fullmatch(words):
        among = Among(found["over"] or "")
        return Threshold(words, int(found["count"]), _duration(found), among)
    if found := _LASTING.fullmatch(words):
        return Threshold(words, lasting=_duration(found))
    return None


def _duration(found: re.Match[str]) -> timedelta:
    return timedelta(**{_UNITS[found["unit"][0]]: int(found["number"])})


def is_countable(verdict: Verdict) -> bool:
    """Whether a threshold can call somebody for this: only what the platform has to answer for."""
    return verdict.kind in _PLATFORM


def by_threshold(verdict: Verdict, threshold: Threshold) -> Fired:
    known = (("cause", verdict.title or verdict.cause), ("threshold", threshold.words))
    return Fired(Rule.THRESHOLD, mark("{cause}: {threshold}."), known)


def by_verdict(verdict: Verdict, low: float) -> Fired | None:
    """Somebody asked and was not helped: the verdict is unknown, or below `low` (0..1)."""
    if verdict.kind is VerdictKind.UNKNOWN:
        return Fired(Rule.UNKNOWN, mark("The evidence does not decide what is wrong."))
    if verdict.kind is not VerdictKind.OPERATOR and verdict.confidence < low:
        return Fired(
            Rule.LOW_CONFIDENCE,
            mark("The verdict is a guess ({sure})."),
            (("sure", percent(verdict.confidence)),),
        )
    return None


ASKED_FOR = Fired(Rule.ASKED_FOR, mark("Somebody asked for a human."))
DOWN_TWICE = Fired(Rule.DOWN_TWICE, mark("Two answers in this thread did not help."))
UNANSWERED = Fired(Rule.UNANSWERED, mark("Nobody reacted to the question."))

_SEVERITIES = {
    Rule.ASKED_FOR: Severity.NORMAL,
    Rule.UNKNOWN: Severity.LOW,
    Rule.LOW_CONFIDENCE: Severity.LOW,
    Rule.THRESHOLD: Severity.HIGH,
    Rule.DOWN_TWICE: Severity.NORMAL,
    Rule.UNANSWERED: Severity.LOW,
}


def severity_of(fired: Fired, verdict: Verdict | None) -> Severity:
    """A platform that fails its users is grave however somebody came to be called for it."""
    if verdict is not None and verdict.kind is VerdictKind.PLATFORM:
        return Severity.HIGH
    return _SEVERITIES[fired.rule]
