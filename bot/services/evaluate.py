"""How well the verdicts fit labelled failures: accuracy, confusions, confidently wrong cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.domain.evidence import Evidence
from bot.domain.runbooks import KnownFailure
from bot.domain.verdicts import Quote, VerdictKind

CONFIDENT = 0.8
"""A wrong verdict other than `unknown` at this confidence or more is confidently wrong."""

_TASK_LOG = "task log"


@dataclass(frozen=True, slots=True)
class Case:
    """What a diagnosis may see of one labelled failure: evidence, and its log as it was written."""

    id: str
    evidence: Evidence
    log_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """What a person found out. Never shown to the diagnosis."""

    verdict: VerdictKind
    also_right: frozenset[VerdictKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Sample:
    """One case with its label, None where the file gives none."""

    case: Case
    label: Label | None


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

    def to_json(self) -> dict[str, object]:
        """`right` + `also_right` are the cases answered well; `abstained` counts `unknown`."""
        return {
            "n": len(self.results),
            **_scores(self.results),
            "by_verdict": {
                kind.value: {"n": len(found), **_scores(found)}
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
            results.append(_result(sample.case, sample.label, known))
    return Report(tuple(results), tuple(unreadable))


def render(report: Report) -> str:
    """The report as plain text for a terminal."""
    lines = [*_summary(report), "", *_table(report), *_confusions(report), *_mistakes(report)]
    if report.unreadable:
        lines += ["", f"Not readable ({len(report.unreadable)}):"]
        lines += [f"  {reason}" for reason in report.unreadable]
    return "\n".join(lines)


def _result(case: Case, label: Label | None, known: Known) -> Result:
    verdict = diagnose(case.evidence, known)
    deciding = verdict.deciding
    return Result(
        id=case.id,
        verdict=verdict.kind,
        cause=verdict.cause,
        confidence=verdict.confidence,
        deciding_line=_as_written(deciding, case) if deciding else "",
        outcome=_outcome(verdict.kind, verdict.confidence, label),
        expected=label.verdict if label else None,
    )


def _outcome(kind: VerdictKind, confidence: float, label: Label | None) -> Outcome:
    if label is None:
        return Outcome.UNLABELLED
    if kind is label.verdict:
        return Outcome.RIGHT
    if kind in label.also_right:
        return Outcome.ALSO_RIGHT
    if kind is VerdictKind.UNKNOWN:
        return Outcome.ABSTAINED
    return Outcome.CONFIDENTLY_WRONG if confidence >= CONFIDENT else Outcome.WRONG


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


def _scores(results: Sequence[Result]) -> dict[str, int]:
    counts = Counter(result.outcome for result in results)
    return {
        "right": counts[Outcome.RIGHT],
        "also_right": counts[Outcome.ALSO_RIGHT],
        "abstained": sum(result.verdict is VerdictKind.UNKNOWN for result in results),
        "confidently_wrong": counts[Outcome.CONFIDENTLY_WRONG],
    }


def _summary(report: Report) -> list[str]:
    labelled = [result for result in report.results if result.expected is not None]
    if not labelled:
        return [f"{len(report.results)} cases, none labelled."]
    right, also = report.count(Outcome.RIGHT), report.count(Outcome.ALSO_RIGHT)
    wrong = report.count(Outcome.CONFIDENTLY_WRONG)
    share = 100 / len(labelled)
    return [
        f"{len(report.results)} cases: right {right} ({right * share:.1f} %), "
        f"also right {also}, together {(right + also) * share:.1f} %",
        f"unknown {report.abstained}, confidently wrong {wrong} ({wrong * share:.1f} %)",
    ]


def _table(report: Report) -> list[str]:
    rows = [f"{'expected':<12}{'n':>5}{'right':>7}{'also':>6}{'unknown':>9}{'conf. wrong':>13}"]
    by_verdict = report.to_json()["by_verdict"]
    if isinstance(by_verdict, Mapping):
        rows += [
            f"{name:<12}{row['n']:>5}{row['right']:>7}{row['also_right']:>6}"
            f"{row['abstained']:>9}{row['confidently_wrong']:>13}"
            for name, row in by_verdict.items()
        ]
    return rows


def _confusions(report: Report) -> list[str]:
    missed = [Outcome.ABSTAINED, Outcome.WRONG, Outcome.CONFIDENTLY_WRONG]
    pairs = Counter(
        (result.expected, result.verdict) for result in report.results if result.outcome in missed
    )
    if not pairs:
        return []
    found = [f"  {wanted} taken for {got}: {count}" for (wanted, got), count in pairs.most_common()]
    return ["", "Confusions:", *found]


def _mistakes(report: Report) -> list[str]:
    wrong = [one for one in report.results if one.outcome is Outcome.CONFIDENTLY_WRONG]
    if not wrong:
        return []
    return ["", "Confidently wrong:"] + [
        f"  {one.id}: {one.cause} ({one.verdict}, {one.confidence:.2f}) instead of {one.expected}"
        f"\n    {one.deciding_line[:160]}"
        for one in wrong
    ]
