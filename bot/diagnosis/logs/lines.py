"""Cuts a stream of bytes into physical lines, whatever the chunks, in bounded memory.

Blocks end where the stream says, never where a chunk ends, so that the same log read in other
chunks gives the same lines and the same blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

# Lines handed on together. Larger gains nothing in speed.
BLOCK = 256 * 1024

# Single records of more than 100 MB occur; what is beyond this length keeps head and tail only.
LINE_MAX = 64 * 1024
_HALF = LINE_MAX // 2
CUT_MARK = b" ...[cut]... "

# A cut through a word could leave half a secret that no rule knows any more.
_RAGGED_MAX = 4096


class Block(NamedTuple):
    """Neighbouring lines: as one text, and each without its end."""

    text: bytes
    lines: list[bytes]


class LineSplitter:
    """Feed chunks, receive blocks."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._head: bytes | None = None  # of a line that is too long to be held
        self._tail = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """Blocks that are complete now."""
        for start in range(0, len(chunk), BLOCK):
            self._pending += chunk[start : start + BLOCK]
            yield from self._blocks()

    def finish(self) -> Iterator[Block]:
        """What is left; a last line without an end counts as a line."""
        if self._head is not None:
            self._tail += self._pending
            self._pending.clear()
            yield self._end_of_long_line()
        elif self._pending:
            yield _block(bytes(self._pending))
            self._pending.clear()

    def _blocks(self) -> Iterator[Block]:
        while len(self._pending) >= BLOCK or self._head is not None:
            if self._head is not None:
                newline = self._pending.find(b"\n")
                self._tail += self._pending if newline < 0 else self._pending[:newline]
                del self._tail[: -_HALF - _RAGGED_MAX]
                if newline < 0:
                    self._pending.clear()
                    return
                del self._pending[: newline + 1]
                yield self._end_of_long_line()
                continue
            cut = self._pending.rfind(b"\n", 0, BLOCK) + 1
            if cut:
                yield _block(bytes(self._pending[:cut]))
                del self._pending[:cut]
            else:
                self._head = bytes(self._pending[:_HALF])
                del self._pending[:_HALF]

    def _end_of_long_line(self) -> Block:
        line = _joined(self._head or b"", bytes(self._tail[-_HALF:]))
        self._head = None
        self._tail.clear()
        return Block(line, [line])


def _block(text: bytes) -> Block:
    text = text.removesuffix(b"\n")
    lines = text.split(b"\n")
    if len(text) > LINE_MAX and max(map(len, lines)) > LINE_MAX:
        lines = [
            line if len(line) <= LINE_MAX else _joined(line[:_HALF], line[-_HALF:])
            for line in lines
        ]
        text = b"\n".join(lines)
    return Block(text, lines)


def _joined(head: bytes, tail: bytes) -> bytes:
    return head[: -len(_last_word(head)) or None] + CUT_MARK + tail[len(_first_word(tail)) :]


def _last_word(text: bytes) -> bytes:
    end = text[-_RAGGED_MAX:]
    return b"" if end[-1:].isspace() else end.split()[-1]


def _first_word(text: bytes) -> bytes:
    start = text[:_RAGGED_MAX]
    return b"" if start[:1].isspace() else start.split()[0]
