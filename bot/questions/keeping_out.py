"""Whether somebody tells the bot to keep out of a thread, or to stop what it is doing."""

from __future__ import annotations

import re

_POLITE = re.compile(r"\b(?:please|pls|bot|airflow|thanks?|thank you|ok(?:ay)?|sorry|hey)\b")
_NOISE = re.compile(r"[^a-z' ]+")

# The whole message has to be one of these: "not you" within a sentence is talk about something.
_KEEP_OUT = re.compile(
    r"(?:i (?:did not|didn't) mean you|i (?:was not|wasn't) (?:asking|talking to) you"
    r"|not (?:for )?you|wasn't (?:for|meant for) you"
    r"|(?:stop|no more|quit) (?:replying|answering|responding|replies|answers)(?: here)?"
    r"|(?:don't|do not) (?:reply|answer|respond)(?: here)?"
    r"|(?:stay|keep) (?:out(?: of (?:this|it|this thread|here))?|quiet)"
    r"|leave (?:this|the) thread)"
)
# Words that mean the bot only where it is called.
_KEEP_OUT_CALLED = re.compile(r"(?:mute|be quiet|quiet|shut up|hush|leave|go away)(?: here)?")
_STOP_CALLED = re.compile(r"(?:stop|cancel|abort|never ?mind)(?: (?:it|that|this))?")


def asks_to_keep_out(text: str, *, called: bool) -> bool:
    """`called`: the message calls the bot by name."""
    words = _bare(text)
    if _KEEP_OUT.fullmatch(words):
        return True
    return called and _KEEP_OUT_CALLED.fullmatch(words) is not None


def asks_to_stop(text: str) -> bool:
    """Whether a message that calls the bot wants the work under way to end."""
    return _STOP_CALLED.fullmatch(_bare(text)) is not None


def _bare(text: str) -> str:
    words = text.lower().replace("\u2019", "'")
    return " ".join(_POLITE.sub(" ", _NOISE.sub(" ", words)).split())
