"""Whether somebody tells the bot to keep out of a thread, or to stop what it is doing."""

from __future__ import annotations

import re

_POLITE = re.compile(
    r"\b(?:please|pls|bot|airflow|thanks?|thank you|thx|ok(?:ay)?|sorry|hey|oh|wait|just|actually"
    r"|now|bitte|danke|doch|mal|jetzt|gleich|sofort)\b"
)
_NOISE = re.compile(r"(?::[\w+-]+:|[^\w' ]|_)+")

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
# All of it is about the work, or about the question: "stop the Dag" is a question about a Dag.
_WORK = (
    r"(?:it|that|this|all|everything|all of it|(?:my|the|this|that) (?:last )?"
    r"(?:question|request|search|work|answer)|working(?: on (?:it|that|this))?|looking|searching"
    r"|trying|thinking)"
)
_ARBEIT = (
    r"(?:das|es|alles|(?:meine|die|diese) (?:letzte )?(?:frage|anfrage|suche|arbeit)"
    r"|den vorgang|damit|auf|an)"
)
_STOP = re.compile(
    rf"(?:(?:you can |can you |could you )?(?:stop|cancel|abort|quit|halt|end)(?: {_WORK})?"
    r"|never ?mind|nvm|nm|forget (?:about )?(?:it|that|this)|(?:drop|scrap) (?:it|that|this)"
    r"|(?:don't|do not) bother|not needed(?: any ?more)?|(?:that's )?enough"
    rf"|(?:stopp?|stoppe|halte?)(?: {_ARBEIT})?|(?:brich|breche?)(?: {_ARBEIT})? ab"
    rf"|(?:{_ARBEIT} )?(?:ab ?brechen|abbruch|anhalten|stoppen|aufhören|stornieren)"
    r"|hör (?:auf|damit auf)|lass (?:es|das|gut sein|es sein|das sein|stecken)"
    r"|vergiss (?:es|das)|schon gut|egal|(?:es )?reicht)"
)


def asks_to_keep_out(text: str, *, called: bool) -> bool:
    """`called`: the message calls the bot by name."""
    words = _bare(text)
    if _KEEP_OUT.fullmatch(words):
        return True
    return called and _KEEP_OUT_CALLED.fullmatch(words) is not None


def asks_to_stop(text: str) -> bool:
    """Whether a message to the bot wants the work under way to end, in English or German, and
    says nothing else."""
    return _STOP.fullmatch(_bare(text)) is not None


def _bare(text: str) -> str:
    words = text.lower().replace("\u2019", "'")
    return " ".join(_POLITE.sub(" ", _NOISE.sub(" ", words)).split())
