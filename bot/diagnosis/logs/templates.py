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

# Masking digits in place is ten times as fast as the pattern, and most lines differ in digits
# only; what it leaves different meets again in the key proper.
_DIGITS = bytes.maketrans(b"0123456789", b"##########")
_CACHE_MAX = 10_000


def template_of(text: str) -> str:
    """The start of a text, equal for texts of one kind."""
    return _IN_TEXT.sub("#", text[:_TEXT_MAX])


class TemplateKeys:
    """Keys of raw lines, equal for lines of one kind."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}

    def of(self, line: bytes) -> bytes:
        """The key, at most 140 bytes."""
        text = _told(line)
        shape = text.translate(_DIGITS)
        key = self._known.get(shape)
        if key is None:
            if len(self._known) >= _CACHE_MAX:
                self._known.clear()
            key = self._known[shape] = _IN_BYTES.sub(b"#", text)[:_KEY_BYTES]
        return key


def _told(line: bytes) -> bytes:
    """The start of what the line says, without who said it and when."""
    if line.startswith(b"{"):
        start = max(line.find(_EVENT), 0)
    elif line.startswith(b"["):
        dash = line.find(b" - ", 0, _PREFIX_MAX)
        start = dash + 3 if dash > 0 else 0
    else:
        start = 0
    return line[start : start + _LOOKED_AT]
