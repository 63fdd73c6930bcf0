"""Private keys in PEM: whole, escaped into one line, or a line each behind log prefixes."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from bot.diagnosis.redaction.spans import Span

KIND = "private-key"

_BLOCK = re2.compile(
    rb"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(.*?)(?:-----END|\z)", re2.Options()
)
# A whole line of base64 at one of the widths that PEM writers use; the last line may be shorter.
_BODY_LINE = re2.compile(
    rb"(?m)(?:^|\s|\\n|\")((?:[A-Za-z0-9+/]{76}|[A-Za-z0-9+/]{70}|[A-Za-z0-9+/]{64}))(?:\r?$|\\n|\"|\\r)",
    re2.Options(),
)
_BASE64_END = re2.compile(rb"([A-Za-z0-9+/=_\\-]+)[\"',}\s]*$", re2.Options())


def find(text: bytes) -> Iterator[Span]:
    """Key bodies line by line, so that log prefixes in between stay readable."""
    if b"PRIVATE KEY" in text:
        for block in _BLOCK.finditer(text):
            yield from _lines(text, *block.span(1))
    for line in _BODY_LINE.finditer(text):
        yield Span(line.start(1), line.end(1), KIND)


def _lines(text: bytes, start: int, end: int) -> Iterator[Span]:
    while start < end:
        stop = text.find(b"\n", start, end)
        stop = end if stop < 0 else stop
        body = _BASE64_END.search(text[start:stop])
        if body is not None:
            yield Span(start + body.start(1), start + body.end(1), KIND)
        start = stop + 1
