"""Values of cookies, in requests and replies; their attributes are no secrets."""

from __future__ import annotations

from collections.abc import Iterator

from bot.diagnosis.redaction.patterns import compiled
from bot.diagnosis.redaction.spans import Span

KIND = "cookie"

_HEADER = compiled(r"""(?i)\bcookie\\*["']?\s*[:=,]\s*\\*["']?([^"'\n]{1,1000})""")
_PAIR = compiled(r"([\w.$-]+)=([^;\s]{6,})")
_ATTRIBUTES = frozenset((b"path", b"domain", b"expires", b"max-age", b"samesite", b"version"))


def find(text: bytes) -> Iterator[Span]:
    """Each value in a `Cookie` or `Set-Cookie` header."""
    for header in _HEADER.finditer(text):
        start = header.start(1)
        for pair in _PAIR.finditer(header.group(1)):
            if pair.group(1).lower() not in _ATTRIBUTES:
                yield Span(start + pair.start(2), start + pair.end(2), KIND)
