"""Secrets in quotes behind a telling name: JSON, Python and shell, escaped to any depth."""

from __future__ import annotations

from collections.abc import Iterator

from bot.diagnosis.redaction.harmless import is_harmless, is_harmless_suffix
from bot.diagnosis.redaction.patterns import compiled
from bot.diagnosis.redaction.rules import OPENING
from bot.diagnosis.redaction.spans import Span

KIND = "quoted-value"

# Longer values are texts that happen to follow a telling name.
_LONGEST = 8_192

_OPENING = compiled(OPENING)


def find(text: bytes) -> Iterator[Span]:
    """Values up to their own closing quote: the quote with as many backslashes as the opening."""
    for match in _OPENING.finditer(text):
        if is_harmless_suffix(match.group(1)):
            continue
        start = match.end()
        end = _closing(text, start, match.group(2))
        value = text[start:end]
        if value and not is_harmless(KIND, value, match.group() + value):
            yield Span(start, end, KIND)


def _closing(text: bytes, start: int, quote: bytes) -> int:
    """Where the value ends; the end of the line where the closing quote is missing."""
    limit = text.find(b"\n", start, start + _LONGEST)
    if limit < 0:
        limit = min(len(text), start + _LONGEST)
    at = start
    while (at := text.find(quote[-1:], at, limit)) >= 0:
        slashes = at
        while slashes > start and text[slashes - 1] == 0x5C:
            slashes -= 1
        # Fewer backslashes than at the opening close an outer string, and this value with it.
        if at - slashes < len(quote):
            return slashes
        at += 1
    return limit
