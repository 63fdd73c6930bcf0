"""From evidence to a diagnosis: signals, the verdict, and the words of its runbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.answering.deterministic import diagnosis_from
from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.domain.answers import Diagnosis, Link
from bot.domain.evidence import Evidence, Gap, GapReason
from bot.domain.logs import LogReading
from bot.domain.targets import Found, Target
from bot.knowledge.catalogue import Catalogue

TASK_LOG = "task log"
"""The name under which a missing log stands among the gaps."""


class Diagnoser:
    """Judges evidence by the runbooks in force at that moment."""

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        self._catalogue = catalogue
        self._compiled: tuple[Catalogue, Known] | None = None

    def diagnose(
        self, reference: str, found: Found, evidence: Evidence, links: Sequence[Link]
    ) -> Diagnosis:
        """The deterministic answer. Raises `RunbookError` where a runbook folder is gone."""
        known = self._known()
        verdict = diagnose(evidence, known)
        return diagnosis_from(
            reference,
            evidence.target,
            found.understood_as,
            verdict,
            known.get(verdict.cause),
            evidence,
            links,
        )

    def _known(self) -> Known:
        catalogue = self._catalogue()
        if self._compiled is None or self._compiled[0] is not catalogue:
            self._compiled = (catalogue, Known(catalogue.failures))
        return self._compiled[1]


def log_was_late(evidence: Evidence) -> bool:
    """Whether the log is missing only because the deadline passed before it was read."""
    return evidence.log is None and any(
        gap.source == TASK_LOG and gap.reason is GapReason.TIMEOUT for gap in evidence.gaps
    )


def with_log(evidence: Evidence, reading: LogReading, gaps: Sequence[Gap]) -> Evidence:
    """The evidence with a log that came late; the gap that stood for it goes."""
    others = tuple(gap for gap in evidence.gaps if gap.source != TASK_LOG)
    return replace(evidence, log=reading, gaps=(*others, *gaps))


def subject_of(evidence: Evidence) -> Target:
    """The target with what the evidence adds: the task instance at fault and its try."""
    at_fault = evidence.task_instance
    if at_fault is None:
        return evidence.target
    return replace(
        evidence.target,
        run_id=at_fault.run_id,
        task_id=at_fault.task_id,
        map_index=at_fault.map_index if at_fault.map_index >= 0 else None,
        try_number=evidence.target.try_number or at_fault.try_number or None,
    )
