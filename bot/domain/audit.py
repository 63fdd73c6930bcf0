"""What was denied, and what was asked for that takes a right: who, where, what, by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.targets import Target


class Outcome(StrEnum):
    ALLOWED = "allowed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One request. `key` is the same however often the work behind it is done.

    `action` is a word of `bot.domain.access.Action`, or what was done ("publish", "policy").
    `reference` is what user and log call the work. Nothing of the question's text is in it.
    """

    key: str
    at: datetime
    user_id: str
    workspace: str
    channel: str
    action: str
    outcome: Outcome
    target: Target | None = None
    rule: str = ""
    reason: str = ""
    reference: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries are wanted, newest first; None and "" for all."""

    user_id: str = ""
    channel: str = ""
    action: str = ""
    outcome: Outcome | None = None
    dag_id: str = ""
    reference: str = ""
    since: datetime | None = None
    limit: int = 50
    offset: int = 0
