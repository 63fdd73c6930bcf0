"""Unwraps the forms in which Airflow's API serves a log into plain lines or ndjson.

`{"content": [...]}`, a JSON array of records or strings, `{"content": "text"}` and Airflow 2's
`[('host', 'text'), ...]` become lines, as a stream and in bounded memory. Anything else passes
unchanged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import ClassVar

# Enough to tell the form by.
_OPENING_BYTES = 4096

# Wrapped input is worked off in pieces of this size; what may belong to the next piece waits.
_PIECE = 256 * 1024
_CARRY = 1024

_CONTENT = re.compile(
    rb'\s*\{\s*(?:"(?:continuation_token|status)"\s*:\s*(?:"[^"]*"|null|\d+)\s*,\s*)*'
    rb'"content"\s*:\s*(?=["\[])'
)
_LITERAL = re.compile(rb"""\s*\[\s*\(\s*(?:'[^']*'|"[^"]*")\s*,\s*['"]""")

_ARRAY_END = rb'\s*\]\s*(?:,\s*"[^"]*"\s*:\s*(?:"[^"]*"|null|\d+)\s*)*\}?\s*\Z'

Unwrap = Callable[[bytes, bool], bytes]
"""Takes the next bytes and whether they are the last; gives lines' bytes."""


class Envelope:
    """Feed served bytes, receive the bytes of lines."""

    def __init__(self) -> None:
        self._opening = bytearray()
        self._unwrap: Unwrap | None = None

    def feed(self, chunk: bytes) -> bytes:
        """What can be handed on now."""
        if self._unwrap is not None:
            return self._unwrap(chunk, False)
        self._opening += chunk
        return b"" if len(self._opening) < _OPENING_BYTES else self._open(is_last=False)

    def finish(self) -> bytes:
        """The rest."""
        if self._unwrap is not None:
            return self._unwrap(b"", True)
        return self._open(is_last=True)

    def _open(self, *, is_last: bool) -> bytes:
        start = bytes(self._opening)
        self._opening.clear()
        self._unwrap, rest = _form(start)
        return self._unwrap(rest, is_last)


def _form(start: bytes) -> tuple[Unwrap, bytes]:
    content = _CONTENT.match(start)
    rest = start[content.end() :] if content is not None else start.lstrip()
    if content is not None and rest.startswith(b'"'):
        return _Text(), rest[1:]
    literal = _LITERAL.match(start)
    if literal is not None:
        return _Literal(), start[literal.end() :]
    inner = rest[1:].lstrip() if rest.startswith(b"[") else b""
    if content is not None and inner.startswith(b"]"):
        return _nothing, b""
    if inner.startswith(b"{"):
        return _Records(), inner
    if inner.startswith(b'"'):
        return _Strings(), inner[1:]
    return _unchanged, start


def _unchanged(chunk: bytes, is_last: bool) -> bytes:
    return chunk


def _nothing(chunk: bytes, is_last: bool) -> bytes:
    return b""


class _Records:
    """Objects of a JSON array, a line each."""

    # Within a JSON string the last quote would stand behind a backslash: this is never text.
    _between = re.compile(rb'\}\s*,\s*(?=\{\s*"(?:timestamp|event)"\s*:)')
    _end = re.compile(rb"\}" + _ARRAY_END)

    def __init__(self) -> None:
        self._held = bytearray()

    def __call__(self, chunk: bytes, is_last: bool) -> bytes:
        # Raw line ends are layout here: within a JSON string they are escaped.
        self._held += chunk.translate(None, b"\r\n")
        if len(self._held) < _PIECE and not is_last:
            return b""
        # What lies between two records begins with the only brace in it.
        safe = len(self._held) - _CARRY
        end = self._held.rfind(b"}", 0, safe)
        piece = bytes(self._held if is_last else self._held[: end if end > 0 else safe])
        del self._held[: len(piece)]
        if is_last:
            piece = self._end.sub(b"}", piece)
        return self._between.sub(b"}\n", piece)


class _Strings:
    """Strings of a JSON array, each as a record that holds nothing but its event."""

    _between = re.compile(rb'((?<!\\)(?:\\\\)*)"\s*,\s*"')
    _joint = rb'\1"}\n{"event":"'
    _end = re.compile(rb'"' + _ARRAY_END)

    def __init__(self) -> None:
        self._held = bytearray(b'{"event":"')

    def __call__(self, chunk: bytes, is_last: bool) -> bytes:
        self._held += chunk.translate(None, b"\r\n")
        if len(self._held) < _PIECE and not is_last:
            return b""
        end = 0
        for match in self._between.finditer(self._held):
            end = match.end()
        if len(self._held) - end > _PIECE // 4:  # one huge string: no cut within its escapes
            end = _before_escape(self._held, len(self._held) - _CARRY)
        piece = bytes(self._held if is_last else self._held[:end])
        del self._held[: len(piece)]
        if is_last:
            piece = self._end.sub(b'"}', piece)
        return self._between.sub(self._joint, piece)


def _before_escape(text: bytearray, end: int) -> int:
    while end > 0 and text[end - 1] == 0x5C:
        end -= 1
    return end


class _Text:
    """One JSON string holding the whole text; it may hold Airflow 2's literal in turn."""

    _safe = re.compile(
        rb'(?:[^\\"]+|\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[0-9a-fA-F]{4}'
        rb"|\\u(?![dD][89abAB])[0-9a-fA-F]{4})*"
    )
    _longest_escape = 12

    def __init__(self) -> None:
        self._held = bytearray()
        self._inner = Envelope()
        self._is_over = False

    def __call__(self, chunk: bytes, is_last: bool) -> bytes:
        if not self._is_over:
            self._held += chunk
        out = b""
        if is_last or len(self._held) >= _PIECE:
            out = self._inner.feed(self._decoded())
        return out + self._inner.finish() if is_last else out

    def _decoded(self) -> bytes:
        text = bytearray()
        while not self._is_over:
            match = self._safe.match(self._held)
            end = match.end() if match else 0
            text += _unescaped(bytes(self._held[:end]))
            del self._held[:end]
            if len(self._held) < self._longest_escape and not self._held.startswith(b'"'):
                break
            if self._held.startswith(b'"'):
                self._is_over = True
                self._held.clear()
            else:  # an escape that is none; it stands for itself
                text += self._held[:1]
                del self._held[:1]
        return bytes(text)


def _unescaped(piece: bytes) -> bytes:
    try:
        text = json.loads(b'"' + piece + b'"', strict=False)
    except ValueError:
        return piece
    return str(text).encode("utf-8", "replace")


class _Literal:
    """Airflow 2's list of (host, text) pairs as Python writes it; the hosts are dropped."""

    _escape = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
    _between = re.compile(
        rb"""(?<!\\)['"]\s*\)\s*,\s*\(\s*(?:'[^'\n]{0,200}'|"[^"\n]{0,200}")\s*,\s*['"]"""
    )
    _end = re.compile(rb"""['"]\s*\)\s*,?\s*\]\s*\Z""")
    _letters: ClassVar = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}

    def __init__(self) -> None:
        self._held = bytearray()

    def __call__(self, chunk: bytes, is_last: bool) -> bytes:
        self._held += chunk
        if is_last:
            rest = self._end.sub(b"", bytes(self._held))
            self._held.clear()
            return self._plain(rest)
        if len(self._held) < _PIECE:
            return b""
        end = _before_escape(self._held, len(self._held) - _CARRY)
        piece = bytes(self._held[:end])
        del self._held[:end]
        return self._plain(piece)

    def _plain(self, piece: bytes) -> bytes:
        return self._escape.sub(self._letter, self._between.sub(rb"\\n", piece))

    def _letter(self, match: re.Match[bytes]) -> bytes:
        escape = match.group(1)
        if len(escape) == 3:
            return bytes((int(escape[1:], 16),))
        return self._letters.get(escape, escape)
