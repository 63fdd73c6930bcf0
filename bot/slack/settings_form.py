"""The names and values of the form for a channel's settings: written by the view, read by its
parser."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

SETTINGS_FORM = "channel_settings"
"""The callback id of the form."""

WAITS = (0, 5, 10, 15, 30, 60, 120)
"""Minutes after which a question that called nobody may be answered; 0 for never."""


class Field(StrEnum):
    """Block ids of the form; the element in each bears the same action id."""

    WAIT = "set_wait"
    PRIVACY = "set_privacy"
    CLUSTER = "set_cluster"
    DAGS = "set_dags"
    FROM = "set_from"
    TO = "set_to"
    DAYS = "set_days"
    ZONE = "set_zone"
    LANGUAGE = "set_language"


PRIVATE, PUBLIC = "private", "public"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose settings stand in the form, and in which version."""

    channel: str
    version: int


def kept_subject(subject: Subject) -> str:
    return json.dumps({"channel": subject.channel, "version": subject.version})


def read_subject(text: str) -> Subject | None:
    """None for what we never wrote."""
    try:
        found = json.loads(text)
        return Subject(str(found["channel"]), int(found["version"]))
    except (ValueError, KeyError, TypeError):
        return None
