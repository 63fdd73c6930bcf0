"""From evidence to a diagnosis: signals, the verdict, and the words of its runbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.answering.deterministic import diagnosis_from
from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.domain.answers import Diagnosis, Link
from bot.domain.conversations import Turn
from bot.domain.errors import RunbookError
from bot.domain.evidence import Evidence, Gap, GapReason
from bot.domain.logs import LogReading
from bot.domain.parameters import DEFAULTS, Parameters
from bot.domain.targets import Found
from bot.knowledge.catalogue import Catalogue
from bot.words import ENGLISH, language_here

TASK_LOG = "task log"
"""The name under which a missing log stands among the gaps."""


class Diagnoser:
    """Judges evidence by the runbooks in force at that moment."""

    def __init__(
        self,
        catalogue: Callable[[], Catalogue],
        parameters: Callable[[], Parameters] = lambda: DEFAULTS,
    ) -> None:
        self._catalogue = catalogue
        self._parameters = parameters
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

    def retold(self, turn: Turn) -> Diagnosis | None:
        """The diagnosis of a turn in the language of here. As it was told where that is its own,
        where its evidence is gone, or where runbooks are, or come to something else by now; None
        where it is no diagnosis."""
        told, evidence = turn.reply, turn.evidence
        if not isinstance(told, Diagnosis) or evidence is None:
            return told if isinstance(told, Diagnosis) else None
        if (turn.question.language or ENGLISH) == language_here():
            return told
        found = Found(told.target, told.understood_as)
        try:
            anew = self.diagnose(told.reference, found, evidence, told.links)
        except RunbookError:
            return told
        if (anew.verdict.kind, anew.verdict.cause) != (told.verdict.kind, told.verdict.cause):
            return told
        return replace(anew, passages=told.passages, explanation=told.explanation)

    def _known(self) -> Known:
        catalogue, parameters = self._catalogue(), self._parameters()
        known = self._compiled
        if known is None or known[0] is not catalogue or known[1].parameters != parameters:
            self._compiled = (catalogue, Known(catalogue.failures, parameters))
            return self._compiled[1]
        return known[1]


def log_was_late(evidence: Evidence) -> bool:
    """Whether the log is missing only because the deadline passed before it was read."""
    return evidence.log is None and any(
        gap.source == TASK_LOG and gap.reason is GapReason.TIMEOUT for gap in evidence.gaps
    )


def with_log(evidence: Evidence, reading: LogReading | None, gaps: Sequence[Gap]) -> Evidence:
    """The evidence with a log that came late, or with the gaps that say why it never came."""
    others = tuple(gap for gap in evidence.gaps if gap.source != TASK_LOG)
    return replace(evidence, log=reading, gaps=(*others, *gaps))
