"""The known failures, compiled once so that all signatures are searched in a single pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import re2

from bot.diagnosis.vocabulary import SPOKEN
from bot.domain.parameters import DEFAULTS, Parameters
from bot.domain.runbooks import KnownFailure, Signature
from bot.domain.signals import Signal, Signals

_OPTIONS = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 256 << 20  # one automaton for some hundred patterns outgrows the default 8 MB


class Known:
    """Known failures with their signatures in one RE2 set: linear in the text, whatever they say.

    `failures` are in order of cause, so that the order of files never matters.
    """

    def __init__(self, failures: Sequence[KnownFailure], parameters: Parameters = DEFAULTS) -> None:
        self.parameters = parameters
        self.failures = tuple(sorted(failures, key=lambda known: known.cause))
        self._owners: list[str] = []
        self._signatures: list[Signature] = []
        self._set = re2.Set.SearchSet(_OPTIONS)
        for known in self.failures:
            for signature in known.signatures:
                self._set.Add(_pattern(signature))
                self._owners.append(known.cause)
                self._signatures.append(signature)
        if self._owners:
            self._set.Compile()

    def get(self, cause: str) -> KnownFailure | None:
        return next((known for known in self.failures if known.cause == cause), None)

    def signatures_hit(self, signals: Signals) -> frozenset[Signature]:
        """Every signature that is found in the words of any signal."""
        if not self._owners:
            return frozenset()
        words = {signal.value for signal in signals if signal.name in SPOKEN}
        indexes = {index for text in words for index in self._set.Match(text) or ()}
        return frozenset(self._signatures[index] for index in indexes)

    def hits(self, signals: Signals) -> Mapping[str, tuple[Signal, ...]]:
        """By cause, the signals in whose words a signature of that cause was found."""
        found: defaultdict[str, dict[Signal, None]] = defaultdict(dict)
        if not self._owners:
            return {}
        searched: dict[str, frozenset[str]] = {}
        for signal in signals:
            if signal.name not in SPOKEN:
                continue
            if signal.value not in searched:
                indexes = self._set.Match(signal.value) or ()
                searched[signal.value] = frozenset(self._owners[index] for index in indexes)
            for cause in searched[signal.value]:
                found[cause][signal] = None
        return {cause: tuple(signals) for cause, signals in found.items()}


def _pattern(signature: Signature) -> str:
    return signature.pattern if signature.is_regex else str(re2.escape(signature.pattern))
