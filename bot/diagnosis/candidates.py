"""What all known failures say about one case: who matches, best first, who not, who cannot tell."""

from __future__ import annotations

from dataclasses import dataclass

from bot.diagnosis.depth import Depth
from bot.diagnosis.findings import Matched, RuledOut, Undecided
from bot.diagnosis.known import Known
from bot.diagnosis.match import match
from bot.domain.evidence import Evidence
from bot.domain.runbooks import KnownFailure
from bot.domain.signals import Signals
from bot.domain.verdicts import VerdictKind

_LAST_RESORT = -10  # rank of rules that only repeat that something failed
_RAISED = ("exception", "raised_in", "raised_in_user_code", "family")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known failure that matches, with its proofs."""

    known: KnownFailure
    found: Matched

    @property
    def by_mechanism(self) -> bool:
        """Nothing but the general sense of the words speaks for it."""
        return bool(self.found.proofs) and all(p.name == "mechanism" for p in self.found.proofs)

    @property
    def is_fallback(self) -> bool:
        """It holds only as long as nothing says more."""
        return self.known.rank < 0

    @property
    def _tier(self) -> int:
        """A type that stands for many things says less than words do, words less than a text."""
        if self.is_fallback:
            return 0
        if self.by_mechanism:
            return 2
        by_type = all(proof.name in _RAISED for proof in self.found.proofs)
        return 1 if by_type and self.known.rank == 0 else 3

    @property
    def key(self) -> tuple[int, int, int, int, int, str]:
        """Greater is better: the deeper rung, within it what is no fallback, then shades."""
        return (
            self.found.depth // 10,
            self._tier,
            self.found.depth,
            self.known.rank,
            len(self.found.proofs),
            self.known.cause,
        )


@dataclass(frozen=True, slots=True)
class Field:
    """The findings on one case. Those for whom nothing at all spoke are left out."""

    candidates: tuple[Candidate, ...]  # best first
    undecided: tuple[tuple[KnownFailure, Undecided], ...]
    refuted: tuple[tuple[KnownFailure, RuledOut], ...]


def field_of(signals: Signals, known: Known, evidence: Evidence) -> Field:
    """Asks every known failure. The order in which they are asked never matters."""
    hits = known.hits(signals)
    candidates: list[Candidate] = []
    undecided: list[tuple[KnownFailure, Undecided]] = []
    refuted: list[tuple[KnownFailure, RuledOut]] = []
    for failure in known.failures:
        finding = match(failure, signals, evidence, hits.get(failure.cause, ()))
        if isinstance(finding, Matched):
            candidates.append(Candidate(failure, finding))
        elif isinstance(finding, Undecided) and finding.lines:
            undecided.append((failure, finding))
        elif isinstance(finding, RuledOut) and finding.lines:
            refuted.append((failure, finding))
    candidates.sort(key=lambda candidate: candidate.key, reverse=True)
    return Field(_reason_first(candidates), tuple(undecided), tuple(refuted))


def _reason_first(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    """A timeout, a lost worker and the like stand back behind a reason that was stated as well.

    A reason counts from the depth of an error line: what merely was written last is no reason.
    "It ended with an error code" stands back behind whatever the same words say besides.
    """
    ordered = list(candidates)
    for _ in candidates:  # a reason may be the symptom of another one; a circle ends here
        reason = next((one for one in ordered[1:] if _explains(one, ordered[0])), None)
        if reason is None:
            break
        ordered.remove(reason)
        ordered.insert(0, reason)
    return tuple(ordered)


def _explains(reason: Candidate, symptom: Candidate) -> bool:
    if reason.by_mechanism:
        return False
    if symptom.known.rank <= _LAST_RESORT and symptom.found.depth > reason.found.depth:
        told = reason.known.verdict is not VerdictKind.UNKNOWN and not reason.is_fallback
        return told and reason.found.depth >= Depth.WRAPPER and not _ended_in_code(symptom)
    stated = reason.found.depth >= Depth.ERROR_LINE
    return stated and reason.known.cause in symptom.known.symptom_of


def _ended_in_code(symptom: Candidate) -> bool:
    """An exception proves it: that is deeper than any wrapper's words."""
    return any(proof.name in _RAISED for proof in symptom.found.proofs)
