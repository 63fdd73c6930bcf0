"""The spans of time in which other things may have to do with a failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.evidence import DagRun, TaskInstance

AROUND_DAG = timedelta(minutes=30)
AROUND_CLUSTER = timedelta(minutes=10)
AROUND_FAILURE = timedelta(minutes=5)

# What Airflow notes of its own about lost workers, queues and executors, and what people do to
# pools and backfills: both are written without the Dag that they hit.
CLUSTER_EVENTS = (
    "heartbeat timeout",
    "state mismatch",
    "stuck in queued reschedule",
    "stuck in queued tries exceeded",
    "cancel_backfill",
    "pause_backfill",
    "post_pool",
    "patch_pool",
    "delete_pool",
)
ROUTINE_EVENTS = ("running", "success", "queued", "scheduled")


@dataclass(frozen=True, slots=True)
class Span:
    after: datetime
    before: datetime

    def widened(self, by: timedelta) -> Span:
        return Span(self.after - by, self.before + by)


def span_of(chosen: TaskInstance | None, run: DagRun | None, now: datetime) -> Span:
    """From when the run was due to when the task instance ended, or to now while it has not."""
    begins = [at for at in (run and (run.queued_at or run.start or run.run_after),) if at]
    if chosen:
        begins += [at for at in (chosen.queued_at, chosen.start) if at]
    end = moment_of(chosen, run, now)
    return Span(min([*begins, end]), end)


def moment_of(chosen: TaskInstance | None, run: DagRun | None, now: datetime) -> datetime:
    """When it went wrong, as near as is known."""
    if chosen:
        return chosen.end or now
    return (run.end if run else None) or now
