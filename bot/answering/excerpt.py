"""The lines of the log around what decided, for "log excerpt"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.domain.evidence import Evidence
from bot.domain.logs import LogLine, LogReading, Speaker
from bot.domain.verdicts import Verdict
from bot.words import say_many

EXCERPT_LINES = 60
_PACKAGED = re.compile(r'  File "[^"]*/(?:site|dist)-packages/')
_CODE_OF_FRAME = "    "
_FOLD_MARKS = ("::group::", "::endgroup::")
_BEFORE, _AFTER, _TAIL = 25, 12, 8


def log_of(evidence: Evidence, try_number: int | None) -> LogReading | None:
    """The log of that try where it was read, else the deciding one."""
    others = (log for log in evidence.other_logs if try_number and log.try_number == try_number)
    if evidence.log is not None and evidence.log.try_number == try_number:
        return evidence.log
    return next(others, evidence.log)


def excerpt(
    evidence: Evidence, verdict: Verdict, limit: int = EXCERPT_LINES
) -> tuple[LogLine, ...]:
    """Lines round each quoted one, the deciding first, then the end; ascending, each once."""
    quoted = [quote for quote in verdict.quotes if quote.line is not None]
    log = log_of(evidence, quoted[0].try_number if quoted else None)
    if log is None:
        return ()
    lines = [line for line in log.lines if says_something(line)]
    numbers = [quote.line for quote in quoted if quote.try_number in (log.try_number, None)]
    chosen: dict[int, LogLine] = {}
    for at in [_position(lines, number) for number in numbers if number] or [len(lines) - 1]:
        for line in lines[max(at - _BEFORE, 0) : at + _AFTER + 1]:
            if len(chosen) < limit - _TAIL:
                chosen[line.number] = line
    for line in reversed(lines[-_TAIL:]):
        if len(chosen) < limit:
            chosen[line.number] = line
    return tuple(chosen[number] for number in sorted(chosen))


def without_packaged_frames(text: str) -> Iterator[str]:
    """The lines of `text`, each row of frames of installed packages folded into one.

    The user's own frames stay: what failed is nearly always there.
    """
    packaged = 0
    for line in text.splitlines():
        if _PACKAGED.match(line):
            packaged += 1
        elif not (packaged and line.startswith(_CODE_OF_FRAME)):
            yield from _fold(packaged)
            packaged = 0
            yield line
    yield from _fold(packaged)


def _fold(frames: int) -> Iterator[str]:
    if frames:
        yield say_many(
            "  … {n} frame of Airflow and packages …",
            "  … {n} frames of Airflow and packages …",
            frames,
        )


def says_something(line: LogLine) -> bool:
    """Not a remark of the log handler, not a mark where Airflow's web page folds lines."""
    return line.speaker is not Speaker.SOURCE and not line.text.startswith(_FOLD_MARKS)


def _position(lines: list[LogLine], number: int) -> int:
    """Index of the kept line that holds log line `number`, or the last one before it."""
    return max((index for index, line in enumerate(lines) if line.number <= number), default=0)
