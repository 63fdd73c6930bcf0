"""The last net: words too random to have been written by a person, where no rule knew them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import log2

from bot.diagnosis.redaction.patterns import compiled
from bot.diagnosis.redaction.spans import FALLBACK, Span

KIND = FALLBACK

_RUN = compiled(r"[A-Za-z0-9+]{20,}")
_WORD_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-=~"
_WORD_MAX = 1_024

# Ids that are random by design and carry the diagnosis: their name stands just before.
_NAMED_ID = compiled(
    r"(?i)(?:request|req|query|trace|span|correlation|session|job|run|task|operation|statement|"
    r"execution|container|image|commit|digest|etag|sha|md5|checksum|hash|version|pod|host|file|"
    r"traceparent|revision|build|id|uuid)"
    r"[\w ]{0,12}[\"']?\s*[:=@(]?\s*[\"'(]?\s*$",
)


def find(text: bytes) -> Iterator[Span]:
    """Runs of at least 20 letters and digits, of high entropy; not ids by name."""
    done = 0
    for match in _RUN.finditer(text):
        is_in_path = text[match.start() - 1 : match.start()] == b"/"
        if match.start() < done or not _is_random(match.group(), is_in_path=is_in_path):
            continue
        start, end = _word(text, match.start(), match.end())
        start, done = max(start, done), end
        if _NAMED_ID.search(text[max(0, start - 48) : start]) is None:
            yield Span(start, end, KIND)


def _is_random(run: bytes, *, is_in_path: bool) -> bool:
    digits = sum(0x30 <= byte <= 0x39 for byte in run)
    if digits < 2 or digits == len(run):
        return False
    if not (run.islower() or run.isupper()):
        return shannon(run) > 3.9
    # Hashes and temporary folders look like this too.
    is_name = is_in_path or not run.strip(b"0123456789abcdefABCDEF")
    return not is_name and digits >= 6 and len(run) >= 28 and shannon(run) > 3.6


def _word(text: bytes, start: int, end: int) -> tuple[int, int]:
    """The run with what hangs on it: base64 holds signs that end a run."""
    low, high = max(0, start - _WORD_MAX), min(len(text), end + _WORD_MAX)
    while start > low and text[start - 1] in _WORD_BYTES and text[start - 1] != 0x3D:
        start -= 1
    while end < high and text[end] in _WORD_BYTES:
        end += 1
    return start, end


def shannon(word: bytes) -> float:
    """Bits a byte."""
    total = len(word)
    return -sum(n / total * log2(n / total) for n in Counter(word).values())
