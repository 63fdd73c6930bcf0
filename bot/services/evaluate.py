"""How well verdicts fit labelled failures, case by case; `evaluate_text` words it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.domain.evidence import Evidence
from bot.domain.runbooks import KnownFailure
from bot.domain.verdicts import Quote, Verdict, VerdictKind

CONFIDENT = 0.8
"""A wrong verdict other than `unknown` at this confidence or more is confidently wrong."""

_TASK_LOG = "task log"
_LINE_LEAST = 6  # characters; less is found in any line
_WORD = re.compile(r"[^\W_]{2,}")
_PLACE = re.compile(r"\{[^{}]{1,80}\}")
_WORDS_LEAST = 4
_WORDS_SHARED = 0.8
_PREFIX = re.compile(
    r"^\s*(?:\[?\d{4}-\d\d-\d\d[T ][\d:.,+Z-]{5,30}[^\]\s]*\]?)?\s*(?:\{[^}]{1,80}\})?"
    r"\s*(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)?\s*(?:- )?"
)


@dataclass(frozen=True, slots=True)
class Case:
    """What a diagnosis may see of one labelled failure: evidence, and its log as it was written.

    `served` is the log as Airflow served it, where that is not the text that people see.
    """

    id: str
    evidence: Evidence
    log_lines: tuple[str, ...] = ()
    served: tuple[str, ...] = ()

    @property
    def raw_log(self) -> tuple[str, ...]:
        """The whole log, line by line."""
        return self.served or self.log_lines


@dataclass(frozen=True, slots=True)
class Label:
    """What a person found out. Never shown to the diagnosis. `line` is the line that decides."""

    verdict: VerdictKind
    also_right: frozenset[VerdictKind] = frozenset()
    line: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One case with its label, None where the file gives none.

    `source` is where the failure comes from: what rules learnt there is no proof of them there.
    """

    case: Case
    label: Label | None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row or file that could not be read; `reason` names file, line and fault."""

    reason: str


class Outcome(StrEnum):
    RIGHT = "right"
    ALSO_RIGHT = "also_right"
    ABSTAINED = "abstained"
    WRONG = "wrong"
    CONFIDENTLY_WRONG = "confidently_wrong"
    UNANSWERED = "unanswered"  # a model that was asked gave nothing usable
    UNLABELLED = "unlabelled"


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on one case, and how it compares with the label."""

    id: str
    verdict: VerdictKind
    cause: str
    confidence: float
    deciding_line: str
    outcome: Outcome
    expected: VerdictKind | None = None
    line_found: bool | None = None  # the labelled line is the deciding one; None without a label
    line_quoted: bool | None = None  # it is among the quotes


@dataclass(frozen=True, slots=True)
class Report:
    """The results of one evaluation, in the order of the samples."""

    results: tuple[Result, ...]
    unreadable: tuple[str, ...] = ()

    def count(self, *outcomes: Outcome) -> int:
        return sum(result.outcome in outcomes for result in self.results)

    @property
    def abstained(self) -> int:
        """All verdicts `unknown`, also those where the label agrees."""
        return sum(result.verdict is VerdictKind.UNKNOWN for result in self.results)

    def lines(self) -> tuple[int, int, int]:
        """Labelled deciding lines: how many there are, are the deciding line here, are quoted."""
        told = [result for result in self.results if result.line_found is not None]
        found = sum(bool(result.line_found) for result in told)
        return len(told), found, sum(bool(result.line_quoted) for result in told)

    def to_json(self) -> dict[str, object]:
        """`right` + `also_right` are the cases answered well; `abstained` counts `unknown`."""
        return {
            "n": len(self.results),
            **scores(self.results),
            "by_verdict": {
                kind.value: {"n": len(found), **scores(found)}
                for kind in VerdictKind
                if (found := [result for result in self.results if result.expected is kind])
            },
            "cases": [
                {
                    "id": result.id,
                    "verdict": result.verdict.value,
                    "cause": result.cause,
                    "confidence": result.confidence,
                    "deciding_line": result.deciding_line,
                }
                for result in self.results
            ],
        }


def evaluate(samples: Iterable[Sample | Unreadable], failures: Sequence[KnownFailure]) -> Report:
    """Diagnoses every case from its evidence alone, then compares with its label."""
    known = Known(failures)
    results: list[Result] = []
    unreadable: list[str] = []
    for sample in samples:
        if isinstance(sample, Unreadable):
            unreadable.append(sample.reason)
        else:
            verdict = diagnose(sample.case.evidence, known)
            results.append(judged(sample.case, verdict, sample.label))
    return Report(tuple(results), tuple(unreadable))


def judged(case: Case, verdict: Verdict, label: Label | None) -> Result:
    """A verdict beside the label."""
    written = [_as_written(quote, case) for quote in verdict.quotes]
    wanted = label.line if label else ""
    return Result(
        id=case.id,
        verdict=verdict.kind,
        cause=verdict.cause,
        confidence=verdict.confidence,
        deciding_line=written[0] if written else "",
        outcome=outcome_of(verdict.kind, verdict.confidence, label),
        expected=label.verdict if label else None,
        line_found=any(same_line(line, wanted) for line in written[:1]) if wanted else None,
        line_quoted=any(same_line(line, wanted) for line in written) if wanted else None,
    )


def outcome_of(kind: VerdictKind, confidence: float, label: Label | None) -> Outcome:
    """How a verdict of this confidence compares with the label."""
    if label is None:
        return Outcome.UNLABELLED
    if kind is label.verdict:
        return Outcome.RIGHT
    if kind in label.also_right:
        return Outcome.ALSO_RIGHT
    if kind is VerdictKind.UNKNOWN:
        return Outcome.ABSTAINED
    return Outcome.CONFIDENTLY_WRONG if confidence >= CONFIDENT else Outcome.WRONG


def same_line(line: str, wanted: str) -> bool:
    """One holds the other, but for the prefix that a log gives to its lines and for spaces.

    Or nearly all words of the shorter: one error is written as the `raise` in a traceback, as the
    exception, as a record of its parts.
    """
    found, meant = _bare(line), _bare(wanted)
    shorter = min(found, meant, key=len)
    if len(shorter) >= _LINE_LEAST and (found in meant or meant in found):
        return True
    words = sorted((_words(_filled(found)), _words(_filled(meant))), key=len)
    shared = len(words[0] & words[1])
    return shared >= _WORDS_LEAST and shared >= _WORDS_SHARED * len(words[0])


def _filled(line: str) -> str:
    """Of a `raise` what it says whatever fills its places."""
    return _PLACE.sub(" ", line.removeprefix("raise ")) if line.startswith("raise ") else line


def _words(line: str) -> frozenset[str]:
    return frozenset(_WORD.findall(line.lower()))


def _bare(line: str) -> str:
    return " ".join(_PREFIX.sub("", line).replace('\\"', '"').split())


def _as_written(quote: Quote, case: Case) -> str:
    """The whole line that holds the quote, with its prefix; else the quote itself.

    A line number counts lines of the text that the quote names as its source, and of no other.
    """
    words = quote.text.splitlines()[0].strip() if quote.text.strip() else ""
    lines = _source_lines(quote.source, case)
    if quote.line is None or not words or not lines:
        return quote.text
    start = max(0, quote.line - 1)
    for line in (*lines[start:], *lines[:start]):
        if words in " ".join(line.split()):
            return line
    if quote.source != _TASK_LOG or start >= len(lines):
        return quote.text
    return lines[start]


def _source_lines(source: str, case: Case) -> Sequence[str]:
    """The lines of the text that a quote comes from, as they were written."""
    if source == _TASK_LOG:
        return case.log_lines
    for text in case.evidence.extra:
        name = text.name.replace("_", " ").lower()
        if source == name or ("event" in name and source == "event log"):
            return text.text.splitlines()
        if "import" in name and source == "import error":
            return text.text.splitlines()
    return ()


def scores(results: Sequence[Result]) -> dict[str, int]:
    """Counts by outcome; `abstained` counts every `unknown`, right or not."""
    counts = Counter(result.outcome for result in results)
    return {
        "right": counts[Outcome.RIGHT],
        "also_right": counts[Outcome.ALSO_RIGHT],
        "abstained": sum(result.verdict is VerdictKind.UNKNOWN for result in results),
        "confidently_wrong": counts[Outcome.CONFIDENTLY_WRONG],
    }
