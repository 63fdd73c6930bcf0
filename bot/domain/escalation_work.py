"""The durable work of an escalation: what time brings, and telling people how it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.domain.escalations import Deed, Escalation, Party
from bot.domain.work import Job, Priority, Queue

DUE = "escalation_due"
"""The kind of the job that does what time brings."""
TOLD = "escalation_told"
"""The kind of the job that tells everybody concerned how it stands now."""

ESCALATION = "escalation:"
"""What the keys of work on escalations begin with."""

COUNTED_AFTER = 60.0
"""Seconds between two states of the card that differ in the number of calls alone."""


@dataclass(frozen=True, slots=True)
class EscalationDue:
    """The body of a job of kind `DUE`: of no effect once the escalation has moved on."""

    id: str
    moves: int
    again: int = 0


@dataclass(frozen=True, slots=True)
class EscalationTold:
    """The body of a job of kind `TOLD`. `deed` is what brought it about; with a `party`, nobody but
    they are told, and with a `holder`, a Slack user id, nobody but whoever it was given to."""

    id: str
    deed: Deed
    party: Party | None = None
    holder: str = ""


def due_job(escalation: Escalation, delay: float, again: int = 0) -> Job:
    """Does what is due `delay` seconds from now; `again` counts those that came too early."""
    tries = f":{again}" if again else ""
    return Job(
        key=f"{ESCALATION}{escalation.id}:due:{escalation.moves}{tries}",
        kind=DUE,
        body=EscalationDue(escalation.id, escalation.moves, again),
        queue=Queue.LATER,
        share=_share(escalation),
        delay=max(0.0, delay),
    )


def told_job(escalation: Escalation, deed: Deed) -> Job:
    """Tells everybody concerned of the escalation as it is when the job is done."""
    body = EscalationTold(escalation.id, deed)
    return _telling(escalation, f"told:{escalation.version}", body)


def party_job(escalation: Escalation, deed: Deed, party: Party) -> Job:
    """Tells those who joined just now."""
    body = EscalationTold(escalation.id, deed, party)
    return _telling(escalation, f"joined:{escalation.version}", body)


def holder_job(escalation: Escalation, deed: Deed, delay: float) -> Job:
    """Tells whoever has it by `deed`, `delay` seconds from now."""
    body = EscalationTold(escalation.id, deed, holder=escalation.responder)
    job = _telling(escalation, f"holder:{deed.key}", body)
    return replace(job, queue=Queue.LATER, delay=delay) if delay else job


def count_job(escalation: Escalation, deed: Deed) -> Job:
    """Shows how many have joined, a minute from now: in a storm no more than one is needed."""
    body = EscalationTold(escalation.id, deed)
    job = _telling(escalation, f"count:{escalation.version}", body)
    return replace(job, queue=Queue.LATER, delay=COUNTED_AFTER)


def _telling(escalation: Escalation, what: str, body: EscalationTold) -> Job:
    return Job(
        key=f"{ESCALATION}{escalation.id}:{what}",
        kind=TOLD,
        body=body,
        queue=Queue.QUESTIONS,
        share=_share(escalation),
        priority=Priority.ASKED,
    )


def _share(escalation: Escalation) -> str:
    return f"{ESCALATION}{escalation.id}"
