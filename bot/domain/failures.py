"""What Airflow reports by itself: failures, later successes, and the batches they come in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.targets import Target
from bot.domain.work import Job, Priority, Queue

FAILED = "failed"
UP_FOR_RETRY = "up_for_retry"
SUCCESS = "success"
BATCH = "failures"
"""The kind of the job that tells of a batch."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed try of a task instance, or a failed run where `target` names no task.

    Its target names at least cluster, Dag and run. `reported_at` is when it reached us; `at` when
    it failed and `run_after` when its run was due, where Airflow said so. All are UTC.
    """

    target: Target
    state: str
    reported_at: datetime
    at: datetime | None = None
    run_after: datetime | None = None

    @property
    def key(self) -> str:
        """The same however often, and by whomever, this failure is reported.

        Airflow allows colons in run ids alone, so no two failures share one.
        """
        target = self.target
        places = (target.cluster, target.dag_id, target.run_id, target.task_id)
        numbers = (target.map_index, target.try_number)
        words = [place or "" for place in places]
        return ":".join(["failure", *words, *("" if n is None else str(n) for n in numbers)])

    @property
    def failed_at(self) -> datetime:
        return self.at or self.reported_at


@dataclass(frozen=True, slots=True)
class Success:
    """A run that ended well at `at`, or in it all instances of the task `task_id`. `run_after` is
    when it was due, None where nobody said so."""

    cluster: str
    dag_id: str
    run_id: str
    at: datetime
    run_after: datetime | None = None
    task_id: str = ""

    def answers(self, failure: Failure) -> bool:
        """Whether what failed is well again: this ended after it failed, and is the same run or one
        that was due later. So it holds in whichever order both are heard of. A run may end well
        with a task failed in it; of that task the run itself says nothing."""
        target = failure.target
        if (target.cluster, target.dag_id) != (self.cluster, self.dag_id):
            return False
        if self.task_id and self.task_id != target.task_id:
            return False
        if target.task_id and not self.task_id and self.run_id == target.run_id:
            return False
        if self.at <= failure.failed_at:
            return False
        if self.run_after is None or failure.run_after is None:
            return True
        return self.run_after >= failure.run_after

    def outdoes(self, other: Success) -> bool:
        """Whether it answers whatever `other` does, but for tasks that failed in its own run."""
        if (self.cluster, self.dag_id) != (other.cluster, other.dag_id) or self.at < other.at:
            return False
        if self.run_after is None:
            return True
        return other.run_after is not None and self.run_after >= other.run_after


def is_needless(success: Success, others: Iterable[Success]) -> bool:
    """Whether others answer whatever this does. All are of runs as a whole: one says nothing of the
    tasks that failed in its own run, so that it takes two, or another end of the same run."""
    runs = {one.run_id for one in others if one.outdoes(success)}
    return success.run_id in runs or len(runs) > 1


@dataclass(frozen=True, slots=True)
class Pace:
    """How often failures are looked at, in seconds.

    A batch stays open for `gather`. Between two looks of one Dag's task pass `quiet`, between any
    two `between`.
    """

    gather: float = 10.0
    quiet: float = 600.0
    between: float = 0.5


@dataclass(frozen=True, slots=True)
class FailureBatch:
    """The body of a job of kind `failures`. `held` counts how often some of it was put off."""

    number: int
    held: int = 0


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of a batch: of `held` it was not known yet where they belong."""

    failures: int
    held: int


def batch_key(number: int) -> str:
    """The key of the job that tells of the batch of this number."""
    return f"{BATCH}:{number}"


def batch_job(number: int, delay: float) -> Job:
    """The job that tells of the batch of this number, `delay` seconds from now."""
    return Job(
        key=batch_key(number),
        kind=BATCH,
        body=FailureBatch(number),
        queue=Queue.FAILURES,
        share=BATCH,  # one batch after the other, so that each sees what the last one began
        priority=Priority.REPORTED,
        delay=delay,
    )
