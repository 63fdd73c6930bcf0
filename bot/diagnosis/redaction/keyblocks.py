"""Private keys in PEM: whole, escaped into one line, or a line each behind log prefixes."""

from __future__ import annotations

from collections.abc import Iterator

from bot.diagnosis.redaction.patterns import compiled
from bot.diagnosis.redaction.spans import Span

KIND = "private-key"

_BLOCK = compiled(r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(.*?)(?:-----END|\z)")
# A line of base64 at one of the widths that PEM writers use: a key whose ends are elsewhere.
_BODY_LINE = compiled(
    r"(?m)(?:^|\s|\\n|\")([A-Za-z0-9+/]{76}|[A-Za-z0-9+/]{70}|[A-Za-z0-9+/]{64})"
    r"(?:\r?$|\\n|\"|\\r)"
)
_LAST_WORD = compiled(r"([A-Za-z0-9+/=_\\-]+)[\"',}\s]*$")


def find(text: bytes) -> Iterator[Span]:
    """Key bodies line by line, so that log prefixes in between stay readable."""
    if b"PRIVATE KEY" in text:
        for block in _BLOCK.finditer(text):
            yield from _lines(text, *block.span(1))
    for line in _BODY_LINE.finditer(text):
        # A digest is as long as a line of a key, and names what was run.
        if line.group(1).strip(b"0123456789abcdef"):
            yield Span(line.start(1), line.end(1), KIND)


def _lines(text: bytes, start: int, end: int) -> Iterator[Span]:
    while start < end:
        stop = text.find(b"\n", start, end)
        stop = end if stop < 0 else stop
        body = _LAST_WORD.search(text[start:stop])
        if body is not None:
            yield Span(start + body.start(1), start + body.end(1), KIND)
        start = stop + 1
