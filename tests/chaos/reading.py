"""What a message of the bot says, read from what stands in the workspace."""

from __future__ import annotations

import json
import re
from enum import StrEnum

from bot.playground.workspace import Message
from bot.slack.outgoing import METADATA_EVENT
from bot.slack.posts import ANSWER, CALLED_OFF

_SMALL_PRINT = re.compile(r"\bRef [A-Z0-9]{4,}\b")
_REFERENCE = re.compile(r"\bRef(?:erence:)? [A-Z0-9]{4,}\b")


class Said(StrEnum):
    """The last word on a question."""

    ANSWER = "answer"
    APOLOGY = "apology"
    CALLED_OFF = "called off"


def said(message: Message) -> Said | None:
    """None where it is no last word: a sign of work, an addition, a notice.

    An answer has its reference in the small print at its end. A message that has it in its
    sentences alone only says that there is no answer, and so does one that is marked as less.
    """
    if not _REFERENCE.search(words(message)):
        return None
    marked = _revision(message)
    if marked == CALLED_OFF:
        return Said.CALLED_OFF
    if marked is not None and marked < ANSWER:
        return Said.APOLOGY
    return Said.ANSWER if _has_small_print(message) else Said.APOLOGY


def words(message: Message) -> str:
    """Everything that a message shows."""
    return message.text + "\n" + json.dumps(message.blocks, ensure_ascii=False)


def _revision(message: Message) -> int | None:
    metadata = message.metadata or {}
    if metadata.get("event_type") != METADATA_EVENT:
        return None
    return int((metadata.get("event_payload") or {}).get("revision") or 0)


def _has_small_print(message: Message) -> bool:
    small = [block for block in message.blocks if block.get("type") == "context"]
    return bool(_SMALL_PRINT.search(json.dumps(small, ensure_ascii=False)))
