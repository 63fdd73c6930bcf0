"""Names the kind of a line: what is left of it without prefix, numbers and ids."""

from __future__ import annotations

import re

_VARIABLE = r"0x[0-9a-fA-F]+|[0-9a-f]{7,}\b|\d+"
_IN_TEXT = re.compile(_VARIABLE)
_IN_BYTES = re.compile(_VARIABLE.encode())
_TEXT_MAX = 300
_LOOKED_AT = 240
_KEY_BYTES = 140
_EVENT = b'"event":'
_PREFIX_MAX = 120

# Taking digits out is ten times as fast as the pattern, and most lines of a kind differ in digits
# only; what it leaves different meets again in the key proper.
_DIGITS = b"0123456789"
_BRACE, _BRACKET = b"{["


def template_of(text: str) -> str:
    """The start of a text, equal for texts of one kind."""
    return _IN_TEXT.sub("#", text[:_TEXT_MAX])


def shape_of(text: bytes, start: int, end: int) -> bytes:
    """The start of what the line of `text` there says, without digits: a quick key."""
    start = _told_from(text, start, end)
    shown = start + _LOOKED_AT
    return text[start : end if end < shown else shown].translate(None, _DIGITS)


def key_of(text: bytes, start: int, end: int) -> bytes:
    """As `shape_of`, but equal for lines of one kind whatever their ids; at most 140 bytes."""
    start = _told_from(text, start, end)
    return _IN_BYTES.sub(b"#", text[start : min(end, start + _LOOKED_AT)])[:_KEY_BYTES]


def without_digits(line: bytes) -> bytes:
    """What a whole line says, without who said it and when, and without digits: a quick key."""
    return line[_told_from(line, 0, len(line)) :].translate(None, _DIGITS)


def _told_from(text: bytes, start: int, end: int) -> int:
    """Where that begins what the line says, without who said it and when."""
    first = text[start] if start < end else 0
    if first == _BRACKET:
        dash = text.find(b" - ", start, end)
        return dash + 3 if 0 < dash < start + _PREFIX_MAX else start
    if first == _BRACE:
        event = text.find(_EVENT, start, end)
        return event if event > 0 else start
    return start
