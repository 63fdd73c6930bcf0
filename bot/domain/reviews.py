"""What waits for a person's decision, and what they decided."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReviewKind(StrEnum):
    """What is looked at; in words, what the subject of its items is."""

    CASE = "case"  # a resolved case, by its id
    CONTRADICTION = "contradiction"  # a conversation, by the id of a turn of it
    LABEL = "label"  # the verdict of a turn, by its id
    RUNBOOK = "runbook"  # a drafted runbook, by its fingerprint


class ReviewState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    EDITED = "edited"  # approved in other words
    REJECTED = "rejected"
    RELABELLED = "relabelled"  # another cause than the bot's is true


class ReviewDecision(StrEnum):
    APPROVE = "approve"
    EDIT = "edit"
    REJECT = "reject"
    RELABEL = "relabel"

    @property
    def state(self) -> ReviewState:
        return _STATES[self]


_STATES = {
    ReviewDecision.APPROVE: ReviewState.APPROVED,
    ReviewDecision.EDIT: ReviewState.EDITED,
    ReviewDecision.REJECT: ReviewState.REJECTED,
    ReviewDecision.RELABEL: ReviewState.RELABELLED,
}


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One thing to decide. `title` is machine text or fixed words, never a person's. `label` is the
    cause that is true, by word of whoever relabelled it."""

    id: str
    kind: ReviewKind
    subject: str
    title: str
    opened_at: datetime
    state: ReviewState = ReviewState.OPEN
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""
    workspace: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class ReviewQuery:
    """Which items are wanted, oldest first while they are open alone, else newest first; nothing
    named means all. `after` is the `next` of the page before."""

    kinds: Collection[ReviewKind] = ()
    states: Collection[ReviewState] = (ReviewState.OPEN,)
    workspace: str = ""
    words: str = ""
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """`next` is empty where nothing follows."""

    items: tuple[ReviewItem, ...]
    next: str = ""
