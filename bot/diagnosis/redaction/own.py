"""Patterns that an organisation adds to the rules, for secrets of its own making."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.diagnosis.redaction.patterns import compiled
from bot.diagnosis.redaction.spans import Span

KIND = "own"


class OwnPatterns:
    """RE2 patterns over the text; what one matches is masked whole."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(compiled(pattern) for pattern in patterns)

    def find(self, content: bytes) -> Iterator[Span]:
        for pattern in self._patterns:
            for match in pattern.finditer(content):
                if match.end() > match.start():
                    yield Span(match.start(), match.end(), KIND)
