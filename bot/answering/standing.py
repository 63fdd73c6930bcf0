"""How the task instance stands now: ended, waiting, or about to be tried again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.domain.evidence import Evidence, TaskInstance


class Phase(StrEnum):
    SUCCEEDED = "succeeded"
    RUNNING = "running"
    WAITING = "waiting"  # queued, scheduled, deferred, not scheduled yet
    RETRY_COMING = "retry_coming"
    FAILED = "failed"
    NEVER_RAN = "never_ran"  # upstream_failed, skipped, removed
    UNSEEN = "unseen"


_PHASES = {
    "success": Phase.SUCCEEDED,
    "running": Phase.RUNNING,
    "restarting": Phase.RUNNING,
    "queued": Phase.WAITING,
    "scheduled": Phase.WAITING,
    "deferred": Phase.WAITING,
    "up_for_reschedule": Phase.WAITING,
    "none": Phase.WAITING,
    "up_for_retry": Phase.RETRY_COMING,
    "failed": Phase.FAILED,
    "upstream_failed": Phase.NEVER_RAN,
    "skipped": Phase.NEVER_RAN,
    "removed": Phase.NEVER_RAN,
}
_RETRIED_AT = re.compile(r"will be retried at (\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Standing:
    """`tries_allowed` counts all tries, the first included; None where Airflow did not say."""

    phase: Phase
    try_number: int = 0
    tries_allowed: int | None = None
    failed_tries: int = 0
    next_retry_at: datetime | None = None
    was_skipped: bool = False

    @property
    def unused(self) -> int:
        """Tries that Airflow would still have had."""
        return max((self.tries_allowed or 0) - self.try_number, 0)


def standing_of(evidence: Evidence) -> Standing:
    task_instance = evidence.task_instance
    if task_instance is None:
        return Standing(_phase_of_run(evidence))
    allowed = None if task_instance.max_tries is None else task_instance.max_tries + 1
    return Standing(
        phase=_phase(task_instance, evidence),
        try_number=task_instance.try_number,
        # A scheduler that restarted can start one try more than Airflow itself allows.
        tries_allowed=allowed and max(allowed, task_instance.try_number),
        failed_tries=sum(one.state == "failed" for one in _tries(evidence, task_instance)),
        next_retry_at=_next_retry(evidence),
        was_skipped=(task_instance.state or "").lower() == "skipped",
    )


def deciding_try(evidence: Evidence) -> TaskInstance | None:
    """The try that was asked about, else the one whose log was read, else the last."""
    wanted = evidence.target.try_number or (evidence.log and evidence.log.try_number)
    found = next((one for one in evidence.tries if one.try_number == wanted), None)
    return found or evidence.task_instance


def never_started(tried: TaskInstance) -> bool:
    """A try that died in the queue has no process, and Airflow writes its end as its start."""
    return tried.start is None or (tried.start == tried.end and tried.pid is None)


def _phase(task_instance: TaskInstance, evidence: Evidence) -> Phase:
    phase = _PHASES.get((task_instance.state or "none").lower(), Phase.UNSEEN)
    run_over = evidence.dag_run is not None and evidence.dag_run.state in ("failed", "success")
    return Phase.NEVER_RAN if phase is Phase.WAITING and run_over else phase


def _phase_of_run(evidence: Evidence) -> Phase:
    going_on = evidence.dag_run is not None and evidence.dag_run.state in ("queued", "running")
    return Phase.WAITING if going_on else Phase.UNSEEN


def _tries(evidence: Evidence, last: TaskInstance) -> tuple[TaskInstance, ...]:
    """Every try once: Airflow lists the last one sometimes among them, sometimes not."""
    by_number = {last.try_number: last} | {one.try_number: one for one in evidence.tries}
    return tuple(by_number.values())


def _next_retry(evidence: Evidence) -> datetime | None:
    for unmet in evidence.unmet:
        if hit := _RETRIED_AT.search(unmet.reason):
            return datetime.fromisoformat(hit.group(1)).replace(tzinfo=UTC)
    return None
