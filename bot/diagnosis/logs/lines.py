"""Cuts a stream of bytes into blocks of physical lines, whatever the chunks, in bounded memory.

Blocks end where the stream says, never where a chunk ends, so that the same log read in other
chunks gives the same lines and the same blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.diagnosis.logs.excerpts import Excerpts, first_word, last_word

# Lines handed on together. Larger gains nothing in speed.
BLOCK = 256 * 1024

# Single records of more than 100 MB occur; what is beyond this length keeps head, tail and the
# neighbourhood of what is interesting in between.
LINE_MAX = 64 * 1024
_HALF = LINE_MAX // 2
CUT_MARK = b" ...[cut]... "

# A cut through a word could leave half a secret that no rule knows any more.
_RAGGED_MAX = 4096

Find = Callable[[bytes], list[int]]
"""Ascending places of what is interesting in a text."""


class LineSplitter:
    """Feed chunks, receive blocks: neighbouring lines as one text, without the last line's end.

    `find` says what is worth an excerpt within a line that is too long to be held.
    """

    def __init__(self, find: Find | None = None) -> None:
        self._find = find or _nothing
        self._parts: list[bytes] = []  # of what is pending, joined when a block may be full
        self._size = 0
        self._long: _LongLine | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Blocks that are complete now."""
        for start in range(0, len(chunk), BLOCK):
            piece = chunk[start : start + BLOCK]
            # The usual case, with one copy: the block ends within this piece.
            while self._long is None and self._size + len(piece) >= BLOCK:
                newline = piece.rfind(b"\n", 0, BLOCK - self._size)
                if newline < 0:
                    break
                yield self._shortened(b"".join((*self._parts, piece[:newline])))
                piece = piece[newline + 1 :]
                self._parts, self._size = [], 0
            self._parts.append(piece)
            self._size += len(piece)
            if self._size >= BLOCK or self._long is not None:
                yield from self._blocks()

    def finish(self) -> Iterator[bytes]:
        """What is left; a last line without an end counts as a line."""
        text = b"".join(self._parts)
        self._parts, self._size = [], 0
        if self._long is not None:
            self._long.add(text)
            yield self._long.end()
            self._long = None
        elif text:
            yield self._shortened(text.removesuffix(b"\n"))

    def _blocks(self) -> Iterator[bytes]:
        text = b"".join(self._parts)
        at = 0
        while len(text) - at >= BLOCK or (self._long is not None and at < len(text)):
            if self._long is not None:
                newline = text.find(b"\n", at)
                self._long.add(text[at : newline if newline >= 0 else len(text)])
                at = newline + 1 if newline >= 0 else len(text)
                if newline >= 0:
                    yield self._long.end()
                    self._long = None
                continue
            cut = text.rfind(b"\n", at, at + BLOCK)
            if cut >= 0:
                yield self._shortened(text[at:cut])
                at = cut + 1
            else:
                self._long = _LongLine(self._find, text[at : at + _HALF])
                at += _HALF
        rest = text[at:] if at else text
        self._parts, self._size = [rest] if rest else [], len(rest)

    def _shortened(self, text: bytes) -> bytes:
        """The block with no line longer than can be held."""
        if not _has_long_line(text):
            return text
        return b"\n".join(
            line if len(line) <= LINE_MAX else self._cut(line) for line in text.split(b"\n")
        )

    def _cut(self, line: bytes) -> bytes:
        long = _LongLine(self._find, line[:_HALF])
        long.add(line[_HALF:])
        return long.end()


class _LongLine:
    """A line of any length, of which a bounded part is held."""

    def __init__(self, find: Find, head: bytes) -> None:
        self._head = head
        self._tail = bytearray()
        self._excerpts = Excerpts(find)

    def add(self, text: bytes) -> None:
        """What follows in it."""
        self._tail += text
        while len(self._tail) >= BLOCK + _HALF + _RAGGED_MAX:
            self._excerpts.add(bytes(self._tail[:BLOCK]))
            del self._tail[:BLOCK]

    def end(self) -> bytes:
        """Head, excerpts and tail, with marks between them."""
        self._excerpts.add(bytes(self._tail[:-_HALF]))
        tail = bytes(self._tail[-_HALF:])
        head = self._head[: -len(last_word(self._head, _RAGGED_MAX)) or None]
        tail = tail[len(first_word(tail, _RAGGED_MAX)) :]
        return CUT_MARK.join((head, *self._excerpts.found(), tail))


def _has_long_line(text: bytes) -> bool:
    at = 0
    while len(text) - at > LINE_MAX:
        newline = text.rfind(b"\n", at, at + LINE_MAX + 1)
        if newline < 0:
            return True
        at = newline + 1
    return False


def _nothing(_: bytes) -> list[int]:
    return []
