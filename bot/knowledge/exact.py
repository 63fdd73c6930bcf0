"""Known failures whose own signature stands in the text: the surest way to the right runbook."""

from __future__ import annotations

from collections.abc import Sequence

import re2

from bot.domain.runbooks import KnownFailure, Signature

_SHORTEST = 6  # characters of a match; "Killed" says something, "9" does not
_TEXT_MAX = 20_000
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.case_sensitive = False


class ExactIndex:
    """Signatures of all known failures, compiled once."""

    def __init__(self, failures: Sequence[KnownFailure]) -> None:
        self._patterns = [
            (known.cause, known.rank, re2.compile(_pattern(signature), _OPTIONS))
            for known in failures
            for signature in known.signatures
        ]

    def causes_in(self, text: str) -> list[str]:
        """Causes by the length of what matched, longest first; then the higher rank."""
        text = text[:_TEXT_MAX]
        folded = " ".join(text.split())
        best: dict[str, tuple[int, int]] = {}
        for cause, rank, pattern in self._patterns:
            hit = pattern.search(folded)
            if hit and len(hit.group()) >= _SHORTEST:
                best[cause] = max(best.get(cause, (0, rank)), (len(hit.group()), rank))
        return sorted(best, key=lambda cause: best[cause], reverse=True)


def _pattern(signature: Signature) -> str:
    if signature.is_regex:
        return signature.pattern
    return str(re2.escape(" ".join(signature.pattern.split())))
