"""Secrets in quotes behind a telling name: JSON, Python and shell, escaped to any depth."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from bot.diagnosis.redaction.harmless import is_harmless
from bot.diagnosis.redaction.rules import TELLING_NAME
from bot.diagnosis.redaction.spans import Span

KIND = "quoted-value"

# Longer values are texts that happen to follow a telling name.
_LONGEST = 8_192

_OPENING = re2.compile(
    rf"""(?i){TELLING_NAME}\\*["']?\s*(?:=>|->|:=|=|:|,)\s*(?:b|u|r|f)?(\\*["'])""".encode(),
    re2.Options(),
)


def find(text: bytes) -> Iterator[Span]:
    """Values up to their own closing quote: the quote with as many backslashes as the opening."""
    for match in _OPENING.finditer(text):
        start = match.end(1)
        end = _closing(text, start, match.group(1))
        value = text[start:end]
        if value and not is_harmless(KIND, value, match.group(0) + value):
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
        depth = len(quote) - 1
        # Fewer backslashes than at the opening close an outer string, and this value with it.
        if at - slashes <= depth:
            return slashes
        at += 1
    return limit
