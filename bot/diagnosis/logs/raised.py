"""Finds exceptions in rows: whole, cut, relayed line by line, boxed, or in a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.diagnosis.logs import shapes
from bot.diagnosis.logs.rows import Row
from bot.domain.logs import Frame

Link = Literal["cause", "during", "member"]

_ROWS_MAX = 600
_MESSAGE_ROWS = 12
_CODE_MAX = 200

# Rows between two exceptions of one chain: blank lines, the sentence between them, a header.
_CHAIN_GAP = 8


@dataclass(slots=True, eq=False)
class Raised:
    """One exception. `start`, `at` and `end` are row indexes: its first row, the row with
    `Type: message`, and the last row of the message.

    `link` says how it belongs to the exception printed just before it. Python prints the cause
    before what it caused; where `is_deeper`, this one lies below the one before: Java's causes,
    and the members of a group.
    """

    type: str
    message: str
    start: int
    at: int
    end: int
    frames: list[tuple[Frame, int]] = field(default_factory=list)
    link: Link | None = None
    is_deeper: bool = False
    is_bare: bool = False  # a single line without a traceback

    @property
    def is_wrapper(self) -> bool:
        """Whether it only reports that something else failed."""
        return shapes.is_wrapper(self.type, self.message)


def find_raised(rows: Sequence[Row]) -> list[Raised]:
    """All exceptions in order of appearance."""
    finder = _Finder(rows)
    index = 0
    while index < len(rows):
        index = finder.step(index)
    return finder.found


class _Finder:
    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._link: Link | None = None
        self.found: list[Raised] = []

    def step(self, index: int) -> int:
        """Take in what begins at this row; give the next row to look at."""
        text = shapes.bare(self._rows[index].text)
        if shapes.TRACEBACK in text:
            return self._traceback(index, index + 1)
        if not text.strip():
            return index + 1
        if shapes.is_rule(text):
            return self._rule(index)
        if shapes.CAUSE in text or shapes.DURING in text:
            self._link = "cause" if shapes.CAUSE in text else "during"
            return index + 1
        if shapes.FRAME.match(text):
            return self._traceback(index, index)
        head = shapes.JAVA_HEAD.search(text)
        if head is not None:
            return self._java(index, head["type"], head["message"] or "", head["lead"])
        named = shapes.told_type(text)
        if named is not None:
            return self._bare(index, *named)
        if self._rows[index].head is not self._rows[max(index - 1, 0)].head:
            self._link = None
        return index + 1

    def _rule(self, index: int) -> int:
        if self.found and self.found[-1].end >= index - 2:
            self._link = "member"
        return index + 1

    def _traceback(self, start: int, index: int) -> int:
        rows = self._rows
        frames: list[tuple[Frame, int]] = []
        is_indented = True
        while index < len(rows) and index - start < _ROWS_MAX:
            text = shapes.bare(rows[index].text)
            if index > start and (not rows[index].follows or self._is_foreign(start, index)):
                break
            frame = shapes.FRAME.match(text) or shapes.BOX_FRAME.match(text)
            if frame is not None:
                is_indented = is_indented and text.startswith(" ")
                place = self._frame(frame["file"], frame["line"], frame["function"], index)
                frames.append((place, index))
            elif shapes.TRACEBACK in text or shapes.DURING in text or shapes.CAUSE in text:
                break
            elif text.strip() and not text[:1].isspace():
                named = shapes.raised_type(text, is_loose=is_indented and bool(frames))
                if named is not None:
                    return self._raise(start, index, named, frames)
            index += 1
        return max(index, start + 1)

    def _is_foreign(self, start: int, index: int) -> bool:
        """Whether the row belongs to another record that is no relay of the same output."""
        first, row = self._rows[start], self._rows[index]
        return row.head is not first.head and not (row.relayed or first.relayed)

    def _frame(self, file: str, line: str, function: str | None, index: int) -> Frame:
        code = ""
        if index + 1 < len(self._rows):
            below = shapes.bare(self._rows[index + 1].text)
            if below[:1].isspace() and not shapes.FRAME.match(below):
                code = below.strip()[:_CODE_MAX]
        number = int(line) if len(line) < 10 else None
        return Frame(file, number, (function or "").strip(), not shapes.is_library(file), code)

    def _raise(
        self, start: int, at: int, named: tuple[str, str], frames: list[tuple[Frame, int]]
    ) -> int:
        end, message = self._message(at, named[1])
        raised = Raised(named[0], message, start, at, end, frames, self._link)
        raised.is_deeper = self._link == "member"
        return self._add(raised)

    def _message(self, at: int, first: str) -> tuple[int, str]:
        """The last row of a message of several lines, and its text."""
        rows, end, lines = self._rows, at, [first]
        while end + 1 < len(rows) and end - at < _MESSAGE_ROWS:
            row, text = rows[end + 1], shapes.bare(rows[end + 1].text)
            if row.head is not rows[at].head or not row.follows or shapes.ends_message(text):
                break
            end += 1
            lines.append(text.strip())
        return end, "\n".join(lines).strip()

    def _java(self, at: int, type_: str, message: str, lead: str = "") -> int:
        rows, index = self._rows, at + 1
        frames: list[tuple[Frame, int]] = []
        while index < len(rows) and rows[index].follows:
            text = shapes.bare(rows[index].text)
            frame = shapes.JAVA_FRAME.match(text)
            if frame is not None:
                line = int(frame["line"]) if len(frame["line"] or "x" * 10) < 10 else None
                is_user = not shapes.is_java_library(frame["function"])
                frames.append((Frame(frame["file"], line, frame["function"], is_user), index))
            elif not shapes.JAVA_MORE.match(text):
                break
            index += 1
        if lead.startswith("Suppressed"):  # what failed while cleaning up after the failure
            return index
        # Spark writes the Java error behind Python's as a line that begins with a colon.
        is_deeper = lead.startswith("Caused") or lead.strip() == ":"
        link: Link | None = "cause" if is_deeper else None
        raised = Raised(type_, message.strip(), at, at, index - 1, frames, link, is_deeper)
        return self._add(raised)

    def _bare(self, index: int, type_: str, message: str) -> int:
        below = self._rows[index + 1].text if index + 1 < len(self._rows) else ""
        if shapes.JAVA_FRAME.match(shapes.bare(below)):
            return self._java(index, type_, message)
        if not message or type_.endswith("Warning"):
            return index + 1
        end, message = self._message(index, message)
        return self._add(Raised(type_, message, index, index, end, link=self._link, is_bare=True))

    def _add(self, raised: Raised) -> int:
        """Append it; a link holds only to what stands just above."""
        if not self.found or raised.start - self.found[-1].end > _CHAIN_GAP:
            raised.link, raised.is_deeper = None, False
        self.found.append(raised)
        self._link = None
        return max(raised.end, raised.at) + 1
