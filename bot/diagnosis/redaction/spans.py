"""Where secrets lie in a text: byte ranges with a kind, merged and trimmed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

# The kind of what no rule knew: any other says more.
FALLBACK = "random"


class Span(NamedTuple):
    """Bytes `start` to `end` (exclusive) hold a secret of this `kind` (`[a-z0-9-]+`)."""

    start: int
    end: int
    kind: str


def merge(spans: Iterable[Span], protected: Iterable[tuple[int, int]], text: bytes) -> list[Span]:
    """Non-overlapping spans in order, each within one line and clear of `protected` ranges.

    Overlapping finds become one span under the kind of the first that says something. Line ends
    stay outside, so that redaction never changes the number of lines.
    """
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if joined and span.start < joined[-1].end:
            last = joined[-1]
            kind = span.kind if last.kind == FALLBACK else last.kind
            joined[-1] = Span(last.start, max(last.end, span.end), kind)
        elif span.end > span.start:
            joined.append(span)
    return list(_clear_of(_by_line(joined, text), sorted(protected)))


def _by_line(spans: Iterable[Span], text: bytes) -> Iterator[Span]:
    for span in spans:
        start = span.start
        while (newline := text.find(b"\n", start, span.end)) >= 0:
            yield from _whole(text, start, newline, span.kind)
            start = newline + 1
        yield from _whole(text, start, span.end, span.kind)


def _whole(text: bytes, start: int, end: int, kind: str) -> Iterator[Span]:
    """The span with white space left out and cut only between characters of UTF-8."""
    while start > 0 and start < len(text) and text[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(text) and text[end] & 0xC0 == 0x80:
        end += 1
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(b" \t\r"))
    end -= len(piece) - len(piece.rstrip(b" \t\r"))
    if start < end:
        yield Span(start, end, kind)


def _clear_of(spans: Iterable[Span], protected: list[tuple[int, int]]) -> Iterator[Span]:
    at = 0
    for span in spans:
        while at < len(protected) and protected[at][1] <= span.start:
            at += 1
        start, ahead = span.start, at
        while ahead < len(protected) and protected[ahead][0] < span.end:
            if start < protected[ahead][0]:
                yield span._replace(start=start, end=protected[ahead][0])
            start = max(start, protected[ahead][1])
            ahead += 1
        if start < span.end:
            yield span._replace(start=start)
