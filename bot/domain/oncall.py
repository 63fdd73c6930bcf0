"""Who is on call, what they are paged with, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

FIRST_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody who takes calls. `user_id` is Slack's; "" where nobody knows it: then they can be
    named, but not mentioned."""

    name: str
    user_id: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class OnCallNow:
    """Who is on call at one level, by which source.

    `until` is when that may change, UTC; None where the source does not say. No responders and no
    `fault`: the source answered, and nobody is on call. `fault` says why it could not answer, and
    what to do. `warning` says what is amiss with an answer that stands all the same.
    """

    level: int
    responders: tuple[Responder, ...]
    source: str
    until: datetime | None = None
    fault: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class OnCallTurn:
    """A stretch of time in which the same people are on call; from `start` on, before `end`.
    Both UTC. No responders: nobody is."""

    level: int
    responders: tuple[Responder, ...]
    start: datetime
    end: datetime


class Urgency(StrEnum):
    """How a pager calls: `high` by every means at once, `low` as its own rules for it say."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Page:
    """A call for the responders of one level.

    `key` names what they are called for: however often a level is paged with it, they are called
    once. The same key at a further level calls the people of that one. Texts are plain, redacted.
    """

    key: str
    level: int
    title: str
    details: str = ""
    urgency: Urgency = Urgency.HIGH
    link: str = ""


class PageStatus(StrEnum):
    PAGED = "paged"  # the pager said that it has it
    NAMED = "named"  # this source can only say who; nobody was called
    FAILED = "failed"  # for certain nothing came of this try
    UNCERTAIN = "uncertain"  # the line broke and nobody can tell; paging again is safe


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """What became of a page, or of a change told to the pager.

    `reason` says what went wrong and what to do. `retry_in` is seconds after which the same may
    succeed; None where it would only fail again, or need not be tried. `reference` and `link` are
    the pager's own.
    """

    status: PageStatus
    source: str
    reason: str = ""
    retry_in: float | None = None
    reference: str = ""
    link: str = ""


class PageState(StrEnum):
    """Where what was paged stands, in the pager."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    GONE = "gone"  # the pager answers, and has nothing under that key
    UNKNOWN = "unknown"  # the pager does not answer, or the source is none


@dataclass(frozen=True, slots=True)
class PageSeen:
    """What the pager says of a key. `by` is who acknowledged or resolved it and `at` when, where it
    says so; `assigned` are those whom it is with.

    `reason` says why a pager did not answer, and `retry_in` seconds after which it may; without a
    reason the source is no pager.
    """

    state: PageState
    by: Responder | None = None
    link: str = ""
    at: datetime | None = None
    assigned: tuple[Responder, ...] = ()
    reason: str = ""
    retry_in: float = 0.0
