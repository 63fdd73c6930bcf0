"""Finds the interesting lines of a block of raw log, by the fastest engine that is there."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import re2

from bot.diagnosis.logs.lines import Block
from bot.diagnosis.logs.patterns import WORDS

try:
    import hyperscan
except ImportError:  # no wheel for this machine; RE2 finds the same lines, several times slower
    hyperscan = None  # type: ignore[assignment]

Engine = Callable[[Block], list[int]]
"""Gives the ascending indexes of the lines that hit."""


@cache
def best_engine() -> Engine:
    """The engine to use on this machine, compiled once a process."""
    return hyperscan_engine() if hyperscan is not None else re2_engine()


def hyperscan_engine() -> Engine:
    """About a gigabyte a second."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[word.encode() for word in WORDS],
        ids=list(range(len(WORDS))),
        flags=[hyperscan.HS_FLAG_CASELESS] * len(WORDS),
        elements=len(WORDS),
    )

    def hits(block: Block) -> list[int]:
        ends: list[int] = []

        def note(_id: int, _start: int, end: int, _flags: int, _context: Any) -> None:
            ends.append(end)

        database.scan(block.text, match_event_handler=note)
        starts = _starts(block.lines)
        # A match never ends on a line's first byte, so the byte before its end is in its line.
        return sorted({bisect_right(starts, end - 1) - 1 for end in ends})

    return hits


def re2_engine() -> Engine:
    """For machines without hyperscan."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 64 << 20
    return _searching(re2.compile(_alternation(), options))


def python_engine() -> Engine:
    """Slow, and nothing but the standard library: the measure for the other two."""
    return _searching(re.compile(_alternation()))


def _alternation() -> bytes:
    return ("(?i)" + "|".join(WORDS)).encode()


def _searching(pattern: Any) -> Engine:
    def hits(block: Block) -> list[int]:
        starts = _starts(block.lines)
        found: list[int] = []
        at = 0
        while (match := pattern.search(block.text, at)) is not None:
            line = bisect_right(starts, match.start()) - 1
            found.append(line)
            if line + 1 == len(starts):
                break
            at = starts[line + 1]
        return found

    return hits


def _starts(lines: Sequence[bytes]) -> list[int]:
    lengths = [len(line) + 1 for line in lines]
    return list(accumulate(lengths[:-1], initial=0))
