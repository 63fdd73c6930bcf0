"""Finds the interesting lines of a block of raw log, by the fastest engine that is there."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from bot.diagnosis.logs.patterns import WORDS

_log = logging.getLogger(__name__)

Engine = Callable[[bytes], list[int]]
"""Gives ascending places in the text, at least one in every line that hits, none in others."""


@lru_cache(maxsize=4)
def best_engine(signatures: tuple[str, ...] = ()) -> Engine:
    """The fastest engine of this machine for the words of failure and these signatures too.

    `signatures` are patterns as `raw_patterns` gives them. Compiled once for each such set.
    """
    patterns = (*WORDS, *signatures)
    for make in (hyperscan_engine, re2_engine):
        try:
            return make(patterns)
        except (ImportError, _Unusable) as error:
            _log.info("scanner_not_usable: %s: %s", make.__name__, error)
    return python_engine(patterns)


class _Unusable(Exception):
    """The library is there, and cannot be used on this machine or with these patterns."""


def hyperscan_engine(patterns: Sequence[str] = WORDS) -> Engine:
    """About a gigabyte a second; ImportError where there is no wheel for the machine."""
    import hyperscan

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=[pattern.encode() for pattern in patterns],
            ids=list(range(len(patterns))),
            flags=[hyperscan.HS_FLAG_CASELESS] * len(patterns),
            elements=len(patterns),
        )
    except hyperscan.error as error:
        raise _Unusable(str(error)) from error

    def hits(text: bytes) -> list[int]:
        found: list[int] = []
        add = found.append

        def note(_id: int, _start: int, end: int, _flags: int, _context: Any) -> None:
            add(end - 1)  # a match is never empty: its last byte is in its line

        database.scan(text, match_event_handler=note)
        found.sort()
        return found

    return hits


def re2_engine(patterns: Sequence[str] = WORDS) -> Engine:
    """For machines without hyperscan: the same lines, several times slower."""
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 256 << 20
    options.log_errors = False
    try:
        return _searching(re2.compile(_alternation(patterns), options))
    except re2.error as error:
        raise _Unusable(str(error)) from error


def python_engine(patterns: Sequence[str] = WORDS) -> Engine:
    """Slow, and nothing but the standard library: the measure for the other two."""
    return _searching(re.compile(_alternation(patterns)))


def _alternation(patterns: Sequence[str]) -> bytes:
    return ("(?i)" + "|".join(f"(?:{pattern})" for pattern in patterns)).encode()


def _searching(pattern: Any) -> Engine:
    def hits(text: bytes) -> list[int]:
        found: list[int] = []
        at = 0
        while (match := pattern.search(text, at)) is not None:
            found.append(match.start())
            at = text.find(b"\n", match.start())
            if at < 0:
                break
        return found

    return hits
