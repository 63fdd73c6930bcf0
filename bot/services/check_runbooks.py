"""Whether runbooks keep their word: examples caught, near misses spared, successes left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from functools import lru_cache

from bot.diagnosis.classify import UNDECIDED, classify
from bot.diagnosis.examples import example
from bot.diagnosis.known import Known
from bot.diagnosis.signals import signals_from
from bot.domain.errors import RunbookError
from bot.domain.evidence import Evidence
from bot.domain.runbooks import KnownFailure
from bot.domain.signals import Signals
from bot.domain.verdicts import Verdict, VerdictKind

SECTIONS = ("What happened", "Check", "Fix", "Verify", "Escalate")

HARMLESS = (VerdictKind.OPERATOR, VerdictKind.UNKNOWN)
"""What may be said of a task that went well: nothing is wrong, or nothing can be told."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One promise that one file does not keep."""

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


def check_runbooks(
    failures: Sequence[KnownFailure],
    successes: Sequence[Evidence] = (),
    today: date | None = None,
    others: Collection[str] = (),
) -> tuple[Complaint, ...]:
    """Runs every example of every file against all files, and all files against `successes`.

    With `today` given, files whose review is overdue are named too. `others` are causes of files
    that are not checked here and may be referred to.
    """
    known = Known(failures)
    causes = {failure.cause for failure in known.failures} | set(others)
    complaints: list[Complaint] = []
    for failure in known.failures:
        complaints += (Complaint(failure.path, fault) for fault in _misnamed(failure, causes))
        complaints += (Complaint(failure.path, problem) for problem in _problems(failure, known))
        overdue = _overdue(failure, today)
        if overdue:
            complaints.append(Complaint(failure.path, overdue))
    complaints += _false_alarms(known, successes)
    return tuple(complaints)


def check_draft(draft: KnownFailure, failures: Sequence[KnownFailure]) -> tuple[Complaint, ...]:
    """Runs the examples of a file that is not in force against all files, and theirs against it."""
    complaints = [
        Complaint(draft.path, f"{one.cause} is the cause of {one.path} already")
        for one in failures
        if one.cause == draft.cause
    ]
    others = [one for one in failures if one.cause != draft.cause]
    known, alone = Known([*others, draft]), Known([draft])
    complaints += (Complaint(draft.path, problem) for problem in _problems(draft, known))
    for one in others:
        for number, text in enumerate(one.catches, 1):
            # What it does not even hit it cannot win, and most are not hit.
            if alone.hits(_read(text)[0]) and _verdict(text, known).cause == draft.cause:
                complaints.append(Complaint(draft.path, f"wins catches {number} of {one.cause}"))
    return tuple(complaints)


@lru_cache(maxsize=2_048)
def _read(text: str) -> tuple[Signals, Evidence]:
    """Of all runbooks' examples that takes seconds, and each draft is tried against all of them."""
    return example(text)


def _misnamed(failure: KnownFailure, causes: Collection[str]) -> Iterator[str]:
    """Names under `symptom_of` that would never have any effect."""
    for name in failure.symptom_of:
        if name == failure.cause:
            yield f"symptom_of names {name} itself"
        elif name not in causes:
            close = get_close_matches(name, sorted(causes), n=1)
            guess = f"; did you mean {close[0]}?" if close else ""
            yield f"symptom_of names {name}, which is the cause of no runbook{guess}"


def _problems(failure: KnownFailure, known: Known) -> Iterator[str]:
    for heading in SECTIONS:
        if not failure.section(heading):
            yield f'has no section "{heading}"'
    if not failure.catches and failure.cause != UNDECIDED:
        yield "has no example under catches"
    try:
        for number, text in enumerate(failure.catches, 1):
            won = _verdict(text, known)
            if won.cause != failure.cause:
                yield f"catches {number} is won by {won.cause}"
        for number, text in enumerate(failure.spares, 1):
            if _verdict(text, known).cause == failure.cause:
                yield f"spares {number} is not spared"
    except RunbookError as error:
        yield str(error)


def _verdict(text: str, known: Known) -> Verdict:
    signals, evidence = _read(text)
    return classify(signals, known, evidence)


def _overdue(failure: KnownFailure, today: date | None) -> str:
    if today is None or failure.last_reviewed is None:
        return ""
    due = failure.last_reviewed + timedelta(days=failure.review_after_days)
    return f"its review was due on {due.isoformat()}" if due < today else ""


def _false_alarms(known: Known, successes: Sequence[Evidence]) -> Iterator[Complaint]:
    for number, evidence in enumerate(successes, 1):
        verdict = classify(signals_from(evidence), known, evidence)
        accused = known.get(verdict.cause)
        if verdict.kind not in HARMLESS and accused is not None:
            yield Complaint(accused.path, f"sees a failure in the successful log {number}")
