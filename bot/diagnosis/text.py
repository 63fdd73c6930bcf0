"""Log text in the shape in which signatures are matched: no colours, no odd spaces, bounded."""

from __future__ import annotations

import re

LINE_MAX = 2_000
"""Characters of one line that are looked at; the rest is payload, and the cause stands first."""

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]")
_SPACE = re.compile(r"[\s\x00\u00a0\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
_QUOTES = str.maketrans({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'})


def normalise(text: str) -> str:
    """One line without colour codes and invisible characters, white space folded."""
    plain = _ANSI.sub("", text[: 2 * LINE_MAX]).translate(_QUOTES)
    return _SPACE.sub(" ", plain).strip()[:LINE_MAX]


def lines_of(text: str, limit: int = 40) -> list[str]:
    """The non-empty lines of a message, normalised; at most `limit`, the first ones."""
    found = []
    for line in text.splitlines():
        clean = normalise(line)
        if clean:
            found.append(clean)
            if len(found) == limit:
                break
    return found


def shorten(text: str, limit: int = 200) -> str:
    """At most `limit` characters, with an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
