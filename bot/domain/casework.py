"""The durable work on resolved cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.escalations import Deed, Escalation
from bot.domain.references import reference_of
from bot.domain.work import Job, Priority, Queue

CASE_WANTED = "case_wanted"
"""The kind of the job that drafts a case out of what somebody found out."""
CASE_UPKEEP = "case_upkeep"
"""The kind of the job that ends cases whose time is over, and has contradictions looked at."""

TAKE_BACK = "take_back"
"""The kind of the job that takes the words of cases that are gone out of answers in Slack."""


@dataclass(frozen=True, slots=True)
class CaseWanted:
    """The body of a job of kind `CASE_WANTED`: of what an escalation came to by that deed."""

    escalation: str
    deed: str
    workspace: str


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The body of a job of kind `CASE_UPKEEP`: the look that was due at `at`, UTC."""

    at: datetime


@dataclass(frozen=True, slots=True)
class WordsGone:
    """The body of a job of kind `TAKE_BACK`: what is kept of these turns lost words of cases."""

    workspace: str
    turns: tuple[str, ...]


def fragment_of(case_id: str) -> str:
    """What all keys of work on a case and of messages about it hold."""
    return f"case:{case_id}:"


def wanted_job(escalation: Escalation, deed: Deed, workspace: str) -> Job:
    return Job(
        key=f"{fragment_of(escalation.pager_key)}{deed.key}",
        kind=CASE_WANTED,
        body=CaseWanted(escalation.id, deed.key, workspace),
        queue=Queue.QUESTIONS,
        share=f"case:{escalation.id}",
        priority=Priority.REPORTED,
    )


def upkeep_job(at: datetime) -> Job:
    key = f"{CASE_UPKEEP}:{at:%Y-%m-%dT%H:%M}"
    return Job(key, CASE_UPKEEP, Upkeep(at), Queue.LATER, share=CASE_UPKEEP)


def take_back_job(workspace: str, turns: Sequence[str], why: str) -> Job:
    """`turns` is not empty; `why` tells it from other such work on them."""
    key = f"{TAKE_BACK}/{reference_of(f'{why} {turns[0]}')}"
    body = WordsGone(workspace, tuple(turns))
    return Job(key, TAKE_BACK, body, Queue.LATER, share=key, priority=Priority.REMARK)
