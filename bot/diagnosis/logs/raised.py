"""Finds exceptions in rows: whole, cut, relayed line by line, or boxed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.diagnosis.logs import shapes
from bot.diagnosis.logs.rows import Row
from bot.domain.logs import Frame

Link = Literal["cause", "during"]

_ROWS_MAX = 600
_MESSAGE_ROWS = 12
_CODE_MAX = 200


@dataclass(slots=True)
class Raised:
    """One exception. `start`, `at` and `end` are row indexes: its first row, the row with
    `Type: message`, and the last row of the message.

    `link` says how it relates to the exception printed before it in the same chain; Java prints
    the deepest last, Python first.
    """

    type: str
    message: str
    start: int
    at: int
    end: int
    frames: list[tuple[Frame, int]] = field(default_factory=list)
    link: Link | None = None
    is_java: bool = False
    is_bare: bool = False  # a single line without a traceback

    @property
    def is_wrapper(self) -> bool:
        return shapes.is_wrapper(self.type, self.message)


def find_raised(rows: Sequence[Row]) -> list[Raised]:
    """All exceptions in order of appearance."""
    return _Finder(rows).find()


class _Finder:
    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._link: Link | None = None
        self._found: list[Raised] = []

    def find(self) -> list[Raised]:
        index = 0
        while index < len(self._rows):
            index = self._step(index)
        return self._found

    def _step(self, index: int) -> int:
        """Handle what begins here; give the next row to look at."""
        text = shapes.bare(self._rows[index].text)
        if not text.strip() or shapes.is_rule(text):
            return index + 1
        if shapes.CAUSE in text or shapes.DURING in text:
            self._link = "cause" if shapes.CAUSE in text else "during"
            return index + 1
        if shapes.TRACEBACK in text:
            return self._traceback(index, index + 1)
        if shapes.FRAME.match(text):
            return self._traceback(index, index)
        head = shapes.JAVA_HEAD.search(text)
        if head is not None:
            link: Link | None = (
                "cause" if "Caused" in head["lead"] or head["lead"].strip() == ":" else None
            )
            return self._java(index, head["type"], head["message"] or "", link)
        named = shapes.exception_type(text, is_loose=False)
        if named is not None:
            return self._bare(index, *named)
        if self._rows[index].head is not self._rows[max(index - 1, 0)].head:
            self._link = None
        return index + 1

    def _traceback(self, start: int, index: int) -> int:
        rows = self._rows
        frames: list[tuple[Frame, int]] = []
        is_indented = True
        while index < len(rows) and index - start < _ROWS_MAX:
            row, text = rows[index], shapes.bare(rows[index].text)
            if index > start and (not row.follows or self._is_foreign(start, index)):
                break
            frame = shapes.FRAME.match(text) or shapes.BOX_FRAME.match(text)
            if frame is not None:
                is_indented = is_indented and text.startswith(" ")
                frames.append(
                    (self._frame(frame["file"], frame["line"], frame["function"], index), index)
                )
                index += 1
                continue
            if shapes.TRACEBACK in text or shapes.DURING in text or shapes.CAUSE in text:
                break
            if text.strip() and not text[:1].isspace():
                named = shapes.exception_type(text, is_loose=is_indented and bool(frames))
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
        return Frame(file, int(line), (function or "").strip(), not shapes.is_library(file), code)

    def _raise(
        self, start: int, at: int, named: tuple[str, str], frames: list[tuple[Frame, int]]
    ) -> int:
        end, message = self._message(at, named[1])
        raised = Raised(named[0], message, start, at, end, frames, self._link)
        self._link = None
        self._found.append(raised)
        return end + 1

    def _message(self, at: int, first: str) -> tuple[int, str]:
        """The last row of a message of several lines, and its text."""
        rows, end, lines = self._rows, at, [first]
        while end + 1 < len(rows) and end - at < _MESSAGE_ROWS:
            row, text = rows[end + 1], shapes.bare(rows[end + 1].text)
            if row.head is not rows[at].head or not row.follows or not text.strip():
                break
            if (
                shapes.TRACEBACK in text
                or shapes.FRAME.match(text)
                or shapes.JAVA_HEAD.search(text)
            ):
                break
            if shapes.DURING in text or shapes.CAUSE in text or shapes.JAVA_FRAME.match(text):
                break
            if shapes.is_rule(text):
                break
            end += 1
            lines.append(text.strip())
        return end, "\n".join(lines).strip()

    def _java(self, at: int, type_: str, message: str, link: Link | None) -> int:
        rows, index = self._rows, at + 1
        frames: list[tuple[Frame, int]] = []
        while index < len(rows) and rows[index].follows:
            text = shapes.bare(rows[index].text)
            frame = shapes.JAVA_FRAME.match(text)
            if frame is not None:
                line = int(frame["line"]) if frame["line"] else None
                is_user = not shapes.is_java_library(frame["function"])
                frames.append((Frame(frame["file"], line, frame["function"], is_user), index))
            elif not shapes.JAVA_MORE.match(text):
                break
            index += 1
        # Java's chains are linked from the line above only while nothing else was raised.
        self._found.append(
            Raised(type_, message.strip(), at, at, index - 1, frames, link, is_java=True)
        )
        self._link = None
        return index

    def _bare(self, index: int, type_: str, message: str) -> int:
        following = self._rows[index + 1] if index + 1 < len(self._rows) else None
        if following is not None and shapes.JAVA_FRAME.match(shapes.bare(following.text)):
            return self._java(index, type_, message, None)
        if message and not type_.endswith("Warning"):
            end, message = self._message(index, message)
            self._found.append(
                Raised(type_, message, index, index, end, link=self._link, is_bare=True)
            )
            self._link = None
            return end + 1
        return index + 1
