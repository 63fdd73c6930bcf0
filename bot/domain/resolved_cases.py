"""A failure that a human resolved, in their words, and how it fared when shown to others."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.verdicts import VerdictKind

_DIGEST_BYTES = 4


class CaseState(StrEnum):
    """Only what is approved is shown to anybody."""

    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"
    DISPUTED = "disputed"  # it failed those to whom it was shown, or was corrected
    RETIRED = "retired"  # a runbook says it now
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ResolvedCase:
    """One failure with what was done about it; texts are plain and redacted.

    `problem` is machine text: the title and the normalised message. `fingerprint` is the incident's
    key. `cause` is the one that the human named, or took the bot's for right; `fix` holds their
    words. `exception` is the short class name of what was raised. Empty texts where something is
    not known. `confirmed_by` and `approved_by` are Slack user ids. `runbook` is the cause of the
    runbook that told it already when it was drafted: only another one can cover it.
    """

    id: str
    state: CaseState
    workspace: str
    problem: str
    fingerprint: str
    kind: VerdictKind
    cause: str
    fix: str
    cluster: str
    confirmed_by: str
    confirmed_at: datetime
    dag_id: str = ""
    task_id: str = ""
    operator: str = ""
    exception: str = ""
    tags: tuple[str, ...] = ()
    airflow_version: str = ""
    approved_by: str = ""
    approved_at: datetime | None = None
    permalink: str = ""
    turn_id: str = ""
    escalation_id: str = ""
    expires_at: datetime | None = None
    note: str = ""
    runbook: str = ""


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """How a case fared since it was approved: in how many answers it was shown, and how many
    people who asked there it helped or failed. Whoever said nothing counts for nothing."""

    served: int = 0
    helped: int = 0
    failed: int = 0

    @property
    def is_bad(self) -> bool:
        """Whether it failed more people than it helped."""
        return self.failed > self.helped


@dataclass(frozen=True, slots=True)
class KnownCase:
    case: ResolvedCase
    record: CaseRecord


@dataclass(frozen=True, slots=True)
class CaseSource:
    """A message or a person that a case rests on. `channel` and `ts` are empty for what was said in
    a form."""

    workspace: str
    user_id: str
    channel: str = ""
    ts: str = ""


@dataclass(frozen=True, slots=True)
class Structure:
    """What a failure is told by when others like it are looked for; see `ResolvedCase`."""

    fingerprint: str
    cause: str
    cluster: str
    dag_id: str = ""
    operator: str = ""
    exception: str = ""
    tags: tuple[str, ...] = ()


class CaseOpinion(StrEnum):
    """What came of a case for whoever asked."""

    HELPED = "helped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Which cases are wanted, newest first; nothing named means all. `words` all stand in its
    texts, in any case. `after` is the `next` of the page before."""

    states: Collection[CaseState] = ()
    workspace: str = ""
    cause: str = ""
    words: str = ""
    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class CasePage:
    """`next` is empty where nothing follows."""

    cases: tuple[KnownCase, ...]
    next: str = ""


def text_of(case: ResolvedCase) -> str:
    """Names the words of a case, so that nobody decides about others than they saw."""
    words = "\n".join((case.problem, case.cause, case.fix))
    return hashlib.blake2b(words.encode(), digest_size=_DIGEST_BYTES).hexdigest()
