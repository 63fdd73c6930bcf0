"""Keeps what is interesting in the middle of a line that is too long to be held."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

# Bytes of the pieces that the middle is looked through in, and pieces of one line that are kept.
_PIECE = 1_000
_FIRSTS = 6
_LASTS = 18

# Where a piece may end: a cut through a word could leave half a secret that no rule knows.
_ENDS = (b" ", b",", b'"')


class Excerpts:
    """Feed the middle of the line; of pieces that are interesting the first and last are kept.

    `find` gives the places of interesting lines. A run of more than a piece without an end is
    passed over.
    """

    def __init__(self, find: Callable[[bytes], list[int]]) -> None:
        self._find = find
        self._rest = b""
        self._is_ragged = True  # what comes first was cut off the head
        self._firsts: list[bytes] = []
        self._lasts: deque[bytes] = deque(maxlen=_LASTS)

    def add(self, text: bytes) -> None:
        """The next bytes that are not held."""
        text = (self._rest + text).replace(b"\n", b" ")
        found = list(self._pieces(text))
        lines = b"\n".join(found)
        at, number = 0, 0
        for place in self._find(lines):
            if place < at:
                continue
            start = lines.rfind(b"\n", 0, place) + 1
            number += lines.count(b"\n", at, start)
            end = lines.find(b"\n", place)
            at = len(lines) if end < 0 else end
            self._keep(found[number])

    def found(self) -> list[bytes]:
        """The excerpts in order."""
        return [*self._firsts, *self._lasts]

    def _keep(self, piece: bytes) -> None:
        if len(self._firsts) < _FIRSTS:
            self._firsts.append(piece.strip())
        else:
            self._lasts.append(piece.strip())

    def _pieces(self, text: bytes) -> Iterator[bytes]:
        """Whole words; what may go on in the next text is the rest."""
        at = 0
        while len(text) - at > _PIECE:
            end = next((e for e in (text.rfind(x, at, at + _PIECE) for x in _ENDS) if e > at), -1)
            if end < 0:
                at, self._is_ragged = at + _PIECE, True
            elif self._is_ragged:
                begins = (text.find(x, at, end + 1) for x in _ENDS)
                at, self._is_ragged = min(b for b in begins if b >= 0) + 1, False
            else:
                yield text[at : end + 1]
                at = end + 1
        self._rest = text[at:]


def last_word(text: bytes, longest: int) -> bytes:
    """The word that `text` ends in, as far as it lies in the last `longest` bytes."""
    end = text[-longest:]
    return b"" if not end or end[-1:].isspace() else end.split()[-1]


def first_word(text: bytes, longest: int) -> bytes:
    """The word that `text` begins with, as far as it lies in the first `longest` bytes."""
    start = text[:longest]
    return b"" if not start or start[:1].isspace() else start.split()[0]
