"""The checks of `airflow-bot doctor` as lines of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from bot.answering.foreign import visible
from bot.domain.checks import Check, CheckStatus

_MARKS = {
    CheckStatus.OK: "ok",
    CheckStatus.WARNING: "less",
    CheckStatus.FAILED: "FAILED",
    CheckStatus.SKIPPED: "skipped",
}
_HEADS = ("Part", "Check", "Result")
_GAP = "  "
_SAID_MIN = 30  # columns below which detail and remedy go on lines of their own


def checks_in_words(checks: Sequence[Check], width: int | None) -> str:
    """One row a check; detail and remedy beside it, or below it where `width` leaves no room.

    Words are never cut: a path or an address stays whole, however long. `width` None: for a pipe,
    nothing is wrapped at all.
    """
    rows = [(check.part, check.name, _MARKS[check.status]) for check in checks]
    widths = [max(map(len, column)) for column in zip(_HEADS, *rows, strict=True)]
    beside = sum(widths) + len(_GAP) * len(widths)
    if width is not None and width - beside < _SAID_MIN:
        beside = len(_GAP)
    below = beside == len(_GAP)
    lines = [_row(_HEADS, widths) + ("" if below else f"{_GAP}Detail and remedy")]
    for check, row in zip(checks, rows, strict=True):
        lines += _entry(_row(row, widths), list(_said(check, beside, width)), beside)
    return "\n".join(line.rstrip() for line in lines)


def _entry(row: str, said: Sequence[str], beside: int) -> Iterator[str]:
    below = said
    if beside > len(_GAP) and said:
        row, below = f"{row}{_GAP}{said[0]}", said[1:]
    yield row
    yield from (" " * beside + line for line in below)


def _said(check: Check, beside: int, width: int | None) -> Iterator[str]:
    for part in (check.detail, check.remedy):
        for line in visible(part).splitlines():
            if width is None:
                yield line
            else:
                yield from textwrap.wrap(
                    line, max(1, width - beside), break_long_words=False, break_on_hyphens=False
                )


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
