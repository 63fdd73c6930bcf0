"""Secrets whose exact values the operator named, in the spellings that logs give them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from bot.diagnosis.redaction.spans import Span

KIND = "known"

_SHORTEST = 4


class KnownSecrets:
    """Exact values; also as a URL, JSON or Python would write them."""

    def __init__(self, values: Iterable[str]) -> None:
        spelled = {spelling for value in values for spelling in _spellings(value)}
        self._values = sorted(spelled, key=len, reverse=True)

    def find(self, text: bytes) -> Iterator[Span]:
        """Every place where a known value stands."""
        for value in self._values:
            at = text.find(value)
            while at >= 0:
                yield Span(at, at + len(value), KIND)
                at = text.find(value, at + len(value))


def _spellings(value: str) -> Iterator[bytes]:
    if len(value.strip()) < _SHORTEST:
        return
    spellings = (value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1])
    for spelling in (*spellings, repr(value)[1:-1]):
        yield spelling.encode("utf-8", "surrogatepass")
