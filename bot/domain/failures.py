"""What Airflow reports by itself: failures, and the batches in which they are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.targets import Target
from bot.domain.work import Job, Priority, Queue, again

FAILED = "failed"
UP_FOR_RETRY = "up_for_retry"
BATCH = "failures"
"""The kind of the job that tells of a batch."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed try of a task instance, or a failed run where `target` names no task.

    Its target names at least cluster, Dag and run. `reported_at` is when it reached us, UTC.
    """

    target: Target
    state: str
    reported_at: datetime

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


@dataclass(frozen=True, slots=True)
class DagName:
    """A Dag among those of all clusters."""

    cluster: str
    dag_id: str


@dataclass(frozen=True, slots=True)
class FailedDag:
    """The failures of one Dag in one batch. `first` is the one to look into.

    `tasks` counts failed task instances, `runs` the runs that they are of.
    """

    name: DagName
    first: Failure
    tasks: int
    runs: int


@dataclass(frozen=True, slots=True)
class FailuresTold:
    """How a batch is told: some Dags are diagnosed, of the rest there is a list.

    `known` are Dags diagnosed a short while ago, listed for their further failures. Where the
    list would be too long to read, `unnamed` counts the Dags left out of it, and `unnamed_tasks`
    their failures. `since` is when the first of all was reported. With a `wait` nothing is told
    yet: it is looked at again after so many seconds.
    """

    diagnosed: tuple[FailedDag, ...] = ()
    listed: tuple[FailedDag, ...] = ()
    known: tuple[FailedDag, ...] = ()
    unnamed: int = 0
    unnamed_tasks: int = 0
    since: datetime | None = None
    until: datetime | None = None
    wait: float = 0.0

    @property
    def has_list(self) -> bool:
        return bool(self.listed or self.known or self.unnamed)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often failures are told, in seconds.

    A batch stays open for `gather`. One that followed a batch with a list sooner than `spacing`
    stays open until then: a storm gives one list in that time. A Dag that was diagnosed is only
    listed for `quiet`.
    """

    gather: float = 10.0
    spacing: float = 60.0
    quiet: float = 600.0


@dataclass(frozen=True, slots=True)
class FailureBatch:
    """The body of a job of kind `failures`."""

    number: int


def batch_key(number: int) -> str:
    """The key of the job that tells of the batch of this number."""
    return f"{BATCH}:{number}"


def batch_job(number: int, delay: float, failed: int = 0) -> Job:
    """The job that tells of the batch of this number, `delay` seconds from now, after jobs for the
    same that have `failed`."""
    return Job(
        key=again(batch_key(number), failed),
        kind=BATCH,
        body=FailureBatch(number),
        queue=Queue.FAILURES,
        share=BATCH,  # one batch after the other, so that each sees what the last one told
        priority=Priority.REPORTED,
        delay=delay,
    )
