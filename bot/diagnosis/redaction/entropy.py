"""The last net: words too random to have been written by a person, where no rule knew them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import log2

import re2

from bot.diagnosis.redaction.spans import Span

KIND = "random"

_CANDIDATE = re2.compile(rb"[A-Za-z0-9+/_=~.-]{20,}", re2.Options())
_SPLIT = re2.compile(rb"[/.=_~-]+", re2.Options())
# Ids that are random by design and carry the diagnosis: what their name says just before.
_NAMED_ID = re2.compile(
    rb"(?i)(?:request|req|query|trace|span|correlation|session|job|run|task|operation|statement|"
    rb"execution|container|image|commit|digest|etag|sha|md5|checksum|hash|version|pod|host|file|"
    rb"extended request|traceparent|revision|build|id|uuid)"
    rb"[\w ]{0,12}[\"']?\s*[:=@(]?\s*[\"'(]?\s*$",
    re2.Options(),
)


def find(text: bytes) -> Iterator[Span]:
    """Mixed-case words with digits, at least 20 bytes, of high entropy; not ids by name."""
    for match in _CANDIDATE.finditer(text):
        word = match.group()
        if not _is_random(word):
            continue
        before = text[max(0, match.start() - 48) : match.start()]
        if _NAMED_ID.search(before) is None:
            yield Span(match.start(), match.end(), KIND)


def _is_random(word: bytes) -> bool:
    part = max(_SPLIT.split(word), key=len)
    if len(part) < 20:
        return False
    lower = any(0x61 <= byte <= 0x7A for byte in part)
    upper = any(0x41 <= byte <= 0x5A for byte in part)
    digits = sum(0x30 <= byte <= 0x39 for byte in part)
    return lower and upper and digits >= 2 and shannon(part) > 3.9


def shannon(word: bytes) -> float:
    """Bits a byte."""
    total = len(word)
    return -sum(n / total * log2(n / total) for n in Counter(word).values())
