"""Gives every quoted piece of evidence the id by which a claim can cite it."""

from __future__ import annotations

from datetime import datetime

from bot.diagnosis.text import lines_of
from bot.domain.evidence import EventLogEntry
from bot.domain.logs import LogLine
from bot.domain.verdicts import Quote
from bot.words import mark

SOURCES = (
    mark("task log"),
    mark("event log"),
    mark("task instance"),
    mark("task instances"),
    mark("task"),
    mark("tries"),
    mark("run"),
    mark("recent runs"),
    mark("earlier runs"),
    mark("triggered runs"),
    mark("unmet dependencies"),
    mark("Dag"),
    mark("Dag versions"),
    mark("Dag warnings"),
    mark("import error"),
    mark("import errors"),
    mark("pools"),
    mark("health"),
    mark("version"),
    mark("jobs"),
    mark("trigger"),
    mark("elsewhere"),
    mark("log handler"),
)
"""What quotes come from; other texts bear names of their own."""


class Quotes:
    """Hands out quotes whose ids are unique within one diagnosis.

    `L<n>` is line n of the deciding try's log, `E<n>` the n-th event-log entry, `M<n>` a fact from
    metadata, `X<n>` other text. Asking twice for the same thing gives the same quote; a second,
    different piece of one log line is `L<n>.2`.
    """

    def __init__(self, try_number: int | None = None, new: frozenset[int] = frozenset()) -> None:
        """`new` are numbers of log lines whose kind a successful run's log does not have."""
        self._try_number = try_number
        self._new = new
        self._by_key: dict[tuple[str, str, str], Quote] = {}
        self._taken: set[str] = set()

    def line(self, number: int, text: str, at: datetime | None = None) -> Quote:
        """A line, or a piece of one, of the deciding try's log."""
        key = (f"L{number}", text, "task log")
        if key not in self._by_key:
            name, is_new = self._fresh(f"L{number}"), number in self._new
            self._by_key[key] = Quote(
                name, text, "task log", self._try_number, number, _iso(at), is_new
            )
        return self._by_key[key]

    def log_line(self, line: LogLine) -> Quote:
        """The line; of a record that spans several its first one that says something."""
        first = next(iter(lines_of(line.text, 1)), "")
        return self.line(line.number, first, line.at)

    def event(self, position: int, entry: EventLogEntry) -> Quote:
        """The entry at `position`, from 1, in the order of the evidence."""
        words = f"{entry.event} by {entry.owner}" if entry.owner else entry.event
        if entry.extra:
            words += f": {entry.extra}"
        return self._keep(f"E{position}", words, "event log", entry.when)

    def fact(self, text: str, source: str, at: datetime | None = None) -> Quote:
        """A sentence that states a fact from Airflow's metadata."""
        return self._numbered("M", text, source, at)

    def other(self, text: str, source: str, line: int | None = None) -> Quote:
        """A line of other text: an import error, a scheduler log, a message."""
        return self._numbered("X", text, source, None, line)

    def _numbered(
        self, letter: str, text: str, source: str, at: datetime | None, line: int | None = None
    ) -> Quote:
        key = (letter, text, source)
        if key not in self._by_key:
            number = 1 + sum(1 for known in self._taken if known[0] == letter)
            quote = Quote(self._fresh(f"{letter}{number}"), text, source, None, line, _iso(at))
            self._by_key[key] = quote
        return self._by_key[key]

    def _keep(self, name: str, text: str, source: str, at: datetime | None) -> Quote:
        key = (name, text, source)
        if key not in self._by_key:
            self._by_key[key] = Quote(self._fresh(name), text, source, None, None, _iso(at))
        return self._by_key[key]

    def _fresh(self, wanted: str) -> str:
        name, piece = wanted, 2
        while name in self._taken:
            name, piece = f"{wanted}.{piece}", piece + 1
        self._taken.add(name)
        return name


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
