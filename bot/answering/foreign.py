"""Text that others wrote (logs, Dag docs, Slack, a model), made harmless to show."""

from __future__ import annotations

import re

_TERMINAL_SEQUENCE = re.compile(
    r"\x1b(?:"
    r"\[[0-9;:?<=>]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)"  # OSC, DCS, SOS, PM, APC: titles, hyperlinks
    r"|[ -/]*[0-~]"
    r")?"
)
# Bidirectional overrides, zero-width and tag characters hide text from people but not from code.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_PING = re.compile(r"<?[@!](?:here|channel|everyone)\b>?|<[@!#][^<>\s]{1,80}>", re.IGNORECASE)
_PING_NAME = re.compile(r"[A-Za-z]+")


def visible(text: str) -> str:
    """What a person would see of `text` on a terminal; newlines stay, tabs become spaces.

    Escape sequences, control, zero-width and direction-changing characters go. Of a line that
    was overwritten with carriage returns the last writing stays.
    """
    text = _TERMINAL_SEQUENCE.sub("", text.replace("\r\n", "\n").replace("\t", "    "))
    if "\r" in text:
        text = "\n".join(_last_writing(line) for line in text.split("\n"))
    return _CONTROL.sub(" ", _INVISIBLE.sub("", text))


def one_line(text: str, limit: int = 200) -> str:
    """`visible` text on one line, cut at `limit` characters with an ellipsis."""
    return clipped(" ".join(visible(text).split()), limit)


def clipped(text: str, limit: int) -> str:
    """At most `limit` characters; where cut, at a word and with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word = cut.rsplit(" ", 1)[0]
    return (at_word if len(at_word) > limit * 2 // 3 else cut).rstrip(" ,;:") + "…"


def middle_cut(text: str, limit: int) -> str:
    """At most `limit` characters with both ends kept: the end names what was wrong."""
    if len(text) <= limit:
        return text
    head = (limit - 3) // 3
    return f"{text[:head].rstrip()} … {text[head - limit + 3 :].lstrip()}"


def without_pings(text: str) -> str:
    """Slack's and chat's ways to call people are reduced to bare words."""
    return _PING.sub(lambda hit: " ".join(_PING_NAME.findall(hit.group())[:1]), text)


def _last_writing(line: str) -> str:
    writings = [part for part in line.split("\r") if part.strip()]
    return writings[-1] if writings else ""
