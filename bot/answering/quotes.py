"""Which quotes say something, how long ones are cut, and what a citation points at."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.answering.foreign import middle_cut, visible
from bot.domain.verdicts import Quote
from bot.words import mark, say

_LINE_MAX = 400  # characters of one line; what a program prints in one line can be endless
NEW = mark("new against the last successful run")
_PLACES = {
    "L": mark("log line {}"),
    "T": mark("try {}"),
    "C": mark("the exceptions"),
    "E": mark("event log"),
    "F": mark("facts"),
    "I": mark("import errors"),
    "M": mark("Airflow's state"),
    "R": mark("runbook"),
    "U": mark("Airflow's state"),
}


def telling(quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """Without those that only repeat another; the fuller of two pieces of the same line stands."""
    kept: list[Quote] = []
    for quote in quotes:
        if any(_holds(before, quote) for before in kept):
            continue
        part = next((at for at, one in enumerate(kept) if _same_line(one, quote)), None)
        if part is not None and _holds(quote, kept[part]):
            kept[part] = quote
        else:
            kept.append(quote)
    return (*kept[:1], *(one for one in kept[1:] if not _is_wrapped(one, kept)))


def quoted_words(quote: Quote) -> str:
    """The words of a quote, of each endless line only its two ends."""
    return "\n".join(middle_cut(line, _LINE_MAX) for line in visible(quote.text).splitlines())


def is_quoted(words: str, quotes: Sequence[Quote]) -> bool:
    """Whether the quotes say these very words, whatever their case and spacing."""
    wanted = folded(words).rstrip(".…")
    return bool(wanted) and wanted in folded(" ".join(quote.text for quote in quotes))


def where_cited(ids: Sequence[str]) -> str:
    """`log line 118, runbook` for `L118, L118.2, R1`."""
    places = [say(_PLACES.get(one[:1], mark("evidence"))).format(_number(one)) for one in ids]
    return ", ".join(dict.fromkeys(places))


def folded(text: str) -> str:
    """For comparing: one case, single spaces."""
    return " ".join(text.casefold().split())


def _is_wrapped(quote: Quote, others: Sequence[Quote]) -> bool:
    """Whether another exception carries the message of this one on."""
    message = folded(quote.text.partition(": ")[2])
    return bool(message) and any(
        message in folded(other.text) for other in others if other is not quote
    )


def _holds(fuller: Quote, quote: Quote) -> bool:
    return folded(quote.text) in folded(fuller.text)


def _number(quote_id: str) -> str:
    """Of `L118.2`, which is the second piece of line 118, the line."""
    found = re.search(r"\d+", quote_id)
    return found.group() if found else ""


def _same_line(one: Quote, other: Quote) -> bool:
    place = (one.source, one.try_number, one.line)
    return one.line is not None and place == (other.source, other.try_number, other.line)
