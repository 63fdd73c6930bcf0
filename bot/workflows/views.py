"""Durable work as people look at it: values without DBOS in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dbos import StepInfo, WorkflowStatus

from bot.domain.errors import BotError
from bot.domain.references import reference_of
from bot.domain.work import Job, WorkStatus
from bot.workflows.outcome import Outcome
from bot.workflows.queues import WORKFLOW, queue_of
from bot.workflows.serializer import Unreadable

GIVEN_UP = "MAX_RECOVERY_ATTEMPTS_EXCEEDED"
STATUSES: dict[WorkStatus, tuple[str, ...]] = {
    WorkStatus.WAITING: ("ENQUEUED", "DELAYED"),
    WorkStatus.RUNNING: ("PENDING",),
    WorkStatus.DONE: ("SUCCESS",),
    WorkStatus.FAILED: ("ERROR", GIVEN_UP),
    WorkStatus.CANCELLED: ("CANCELLED",),
}
_STATUS = {theirs: ours for ours, all_theirs in STATUSES.items() for theirs in all_theirs}
# What DBOS calls the two halves of handing work on.
_STEP_NAMES = {WORKFLOW: "hand on", "DBOS.getResult": "wait for"}
_SUMMARY_MAX = 300  # characters


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work. `begun` counts how often it was taken up, `owner` is the process that
    did last. `kind` and `part_of` are empty where it is not a job, or not one to be read here.
    `what` says in words what it is about."""

    key: str
    reference: str
    kind: str
    queue: str
    share: str
    part_of: str
    status: WorkStatus
    since: datetime
    started: datetime | None
    finished: datetime | None
    begun: int
    owner: str
    error: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class WorkStep:
    """`tries` is how often it was tried in its last life; `child` the key of work handed on;
    `size` how many characters its result has, as it is written down."""

    name: str
    started: datetime | None
    finished: datetime | None
    tries: int
    error: str
    child: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class WorkDetail:
    """`summary` is the beginning of what was asked for, without secrets."""

    work: Work
    summary: str
    steps: tuple[WorkStep, ...]


def job_of(workflow: WorkflowStatus) -> Job | None:
    """None where it is not a job (a schedule's tick), or not one that this version can read."""
    # What cannot be read is given as its text.
    arguments = workflow.input["args"] if isinstance(workflow.input, dict) else ()
    first = arguments[0] if arguments else None
    return first if isinstance(first, Job) else None


def work_of(workflow: WorkflowStatus, describe: Callable[[object], str] = lambda _: "") -> Work:
    """`describe` is given the body of the job."""
    job = job_of(workflow)
    part_of = job.part_of if job else ""
    return Work(
        key=workflow.workflow_id,
        reference=reference_of(part_of or workflow.workflow_id),
        kind=job.kind if job else "",
        queue=job.queue.value if job else queue_of(workflow.queue_name or ""),
        share=job.share if job else workflow.queue_partition_key or "",
        part_of=part_of,
        status=_STATUS[workflow.status],
        since=_time(workflow.created_at) or datetime.fromtimestamp(0, UTC),
        started=_time(workflow.dequeued_at),
        finished=_time(workflow.completed_at),
        begun=workflow.recovery_attempts or 0,
        owner=workflow.executor_id or "",
        error=_error(workflow),
        what=describe(job.body) if job and not isinstance(job.body, Unreadable) else "",
    )


def step_of(step: StepInfo, size: Callable[[object], int] = lambda _: 0) -> WorkStep:
    outcome = step["output"]
    error = error_of(step)
    name = step["function_name"]
    return WorkStep(
        name=_STEP_NAMES.get(name, name),
        started=_time(step["started_at_epoch_ms"]),
        finished=_time(step["completed_at_epoch_ms"]),
        tries=outcome.tries if isinstance(outcome, Outcome) else 1,
        error=str(error) if error is not None else "",
        child=step["child_workflow_id"] or "",
        size=size(outcome) if outcome is not None else 0,
    )


def error_of(step: StepInfo) -> BaseException | None:
    """What the step raised, as its work saw it."""
    outcome = step["output"]
    if isinstance(outcome, Outcome) and isinstance(outcome.error, BotError):
        return outcome.error
    return step["error"]


def summary_of(workflow: WorkflowStatus, redact: Callable[[str], str]) -> str:
    job = job_of(workflow)
    body = job.body if job else ""
    text = redact(body.text if isinstance(body, Unreadable) else repr(body) if job else "")
    return text if len(text) <= _SUMMARY_MAX else text[: _SUMMARY_MAX - 1] + "…"


def _error(workflow: WorkflowStatus) -> str:
    if workflow.status == GIVEN_UP:
        return "Given up: the process died each time that it was taken up."
    error: Any = workflow.error
    return str(error) if error is not None else ""


def _time(milliseconds: int | None) -> datetime | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
