"""Runbooks that are not in force yet: drafted from what failed again and again or from what a human
found out, for a person to approve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.references import reference_of
from bot.domain.work import Job, Priority, Queue

GROW = "runbooks_grow"
"""The kind of the job that looks for failures which no runbook knows."""
OFFERED = "runbook_offered"
"""The kind of the job that shows a draft to those who decide about it."""

SEEN_ON = 3
"""Runs on which the same unknown failure is seen before a runbook is drafted."""


class DraftState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class DraftOrigin(StrEnum):
    """What a draft was made of."""

    SEEN = "seen"  # the same unknown failure, again and again
    RESOLVED = "resolved"  # what a human found out


@dataclass(frozen=True, slots=True)
class DraftSource:
    """A turn or a person that a draft rests on: it goes with them."""

    workspace: str
    user_id: str = ""
    turn_id: str = ""


@dataclass(frozen=True, slots=True)
class RunbookDraft:
    """One file to be. `fingerprint` is the incident's key, `count` the runs on which it was seen.
    `faults` are the promises that the text does not keep yet. `file` is what it is called.

    Texts are redacted; none of them are an asker's words. `version` counts its texts.
    """

    id: str
    fingerprint: str
    origin: DraftOrigin
    state: DraftState
    title: str
    file: str
    text: str
    count: int
    made_at: datetime
    faults: tuple[str, ...] = ()
    sources: tuple[DraftSource, ...] = ()
    version: int = 1
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""

    @property
    def cause(self) -> str:
        return self.file.removesuffix(".md")


def draft_id(fingerprint: str) -> str:
    """Eight letters, fit to be read aloud."""
    return reference_of(fingerprint) + reference_of(f"{fingerprint}/draft")[:2]


@dataclass(frozen=True, slots=True)
class Growth:
    """The body of a job of kind `GROW`: the look that was due at `at`, UTC."""

    at: datetime


@dataclass(frozen=True, slots=True)
class DraftOffered:
    """The body of a job of kind `OFFERED`."""

    id: str
    version: int


def grow_job(at: datetime) -> Job:
    return Job(f"{GROW}:{at:%Y-%m-%dT%H:%M}", GROW, Growth(at), Queue.LATER, share=GROW)


def offered_job(draft: RunbookDraft) -> Job:
    return Job(
        key=f"{OFFERED}:{draft.id}:{draft.version}",
        kind=OFFERED,
        body=DraftOffered(draft.id, draft.version),
        queue=Queue.LATER,
        share=f"{OFFERED}:{draft.id}",
        priority=Priority.REPORTED,
    )
