"""Takes out of a line what steers a terminal, so that only its words are left."""

from __future__ import annotations

import re

_ANSI = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]"
    # Colour codes that lost their escape character on the way.
    r"|(?<![^\s=\[])\[\d{1,3}(?:;\d{1,3})*m"
)
# Control characters, and marks that reorder or hide text.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


def decoded(raw: bytes) -> str:
    """The text of a line: UTF-8, else as Windows wrote it, for a log may hold both."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # A few broken bytes among many characters of more than one byte: no other encoding.
    text = raw.decode("utf-8", "replace")
    if sum(c > "\x7f" and c != "\ufffd" for c in text) > text.count("\ufffd"):
        return text
    return raw.decode("cp1252", "replace")


def clean(text: str) -> str:
    """Without terminal codes, and without what a carriage return overwrote."""
    if "\x1b" in text or "m" in text:
        text = _ANSI.sub("", text)
    text = text.rstrip("\r\n")
    if "\r" in text:
        text = "\n".join(_last_shown(line) for line in text.replace("\r\n", "\n").split("\n"))
    return _UNSEEN.sub("", text)


def _last_shown(line: str) -> str:
    return next((part for part in reversed(line.split("\r")) if part.strip()), "")
