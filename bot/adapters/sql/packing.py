"""Evidence as bytes for the database: compressed, with a digest, and no larger than a limit."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bot.adapters.sql.codec import FORMAT, decode, encode
from bot.domain.errors import StoreError
from bot.domain.evidence import Evidence, Gap, GapReason
from bot.domain.logs import LogReading

# Of compressed bytes. Ordinary evidence takes some tens of kB; this is for logs and Dag
# structures without measure, which would otherwise fill the database.
PACKED_MAX = 1_000_000

_LINES_KEPT = 400


@dataclass(frozen=True, slots=True)
class Packed:
    """`size` is in bytes of JSON, `digest` its SHA-256 in hex."""

    body: bytes
    digest: str
    size: int
    format: int = FORMAT


def pack(evidence: Evidence, redact: Callable[[str], str] = str, limit: int = PACKED_MAX) -> Packed:
    """Packs `evidence`; parts are left out, each with a gap, until it is within `limit` bytes.

    Raises `StoreError` where even the core alone is larger.
    """
    packed = _packed(evidence, redact)
    if len(packed.body) <= limit:
        return packed
    for smaller in _ever_smaller(evidence):
        packed = _packed(smaller, redact)
        if len(packed.body) <= limit:
            return packed
    raise StoreError(f"The evidence takes {len(packed.body)} bytes; the limit is {limit}.")


def unpack(packed: Packed, what: str) -> Evidence:
    """The evidence back. Raises `StoreError` where the bytes are not those that were stored."""
    try:
        body = zlib.decompress(packed.body)
    except zlib.error:
        raise StoreError(f"{what} is damaged: it does not decompress. Restore a backup.") from None
    if hashlib.sha256(body).hexdigest() != packed.digest:
        raise StoreError(f"{what} is damaged: its digest differs. Restore a backup.")
    return decode(Evidence, body, packed.format, what)


def _packed(evidence: Evidence, redact: Callable[[str], str]) -> Packed:
    body = encode(evidence, redact)
    return Packed(zlib.compress(body), hashlib.sha256(body).hexdigest(), len(body))


def _ever_smaller(evidence: Evidence) -> Iterator[Evidence]:
    """The evidence with more and more left out; what decides a verdict goes last."""
    for source, without in _CUTS:
        smaller = without(evidence)
        if smaller == evidence:
            continue
        gap = Gap(source, GapReason.TOO_LARGE, "left out of the database to keep within its limit")
        evidence = replace(smaller, gaps=(*smaller.gaps, gap))
        yield evidence


def _shortened(log: LogReading | None) -> LogReading | None:
    """Head and tail of the kept lines: the start of a try and what ended it."""
    if log is None or len(log.lines) <= _LINES_KEPT:
        return log
    half = _LINES_KEPT // 2
    dropped = len(log.lines) - _LINES_KEPT
    lines = (*log.lines[:half], *log.lines[-half:])
    return replace(log, lines=lines, lines_dropped=log.lines_dropped + dropped)


def _without_text(log: LogReading | None) -> LogReading | None:
    return None if log is None else replace(log, lines=(), chains=())


_CUTS: tuple[tuple[str, Callable[[Evidence], Evidence]], ...] = (
    ("logs of other tries", lambda e: replace(e, other_logs=())),
    ("other failures and history", lambda e: replace(e, elsewhere=(), history=(), child_runs=())),
    (
        "task instances of the run",
        lambda e: replace(e, task_instances=(), tasks=(), recent_runs=()),
    ),
    ("middle of the log", lambda e: replace(e, log=_shortened(e.log))),
    ("other texts", lambda e: replace(e, extra=(), links=(), import_problems=())),
    ("event log", lambda e: replace(e, events=())),
    ("log", lambda e: replace(e, log=_without_text(e.log))),
    ("Dag documentation", lambda e: replace(e, dag=None, task=None)),
)
