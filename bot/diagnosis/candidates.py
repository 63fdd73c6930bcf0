"""A known failure that matches, and what makes one candidate better than another."""

from __future__ import annotations

from dataclasses import dataclass

from bot.diagnosis.findings import Matched
from bot.domain.runbooks import KnownFailure


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known failure that matches, with its proofs."""

    known: KnownFailure
    found: Matched

    @property
    def key(self) -> tuple[int, bool, int, int, int, str]:
        """Greater is better: the deeper rung, within it what is no fallback, then shades."""
        return (
            self.found.depth // 10,
            self.known.rank >= 0,
            self.found.depth,
            self.known.rank,
            len(self.found.proofs),
            self.known.cause,
        )
