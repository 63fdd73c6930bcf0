"""Reported failures in memory, and an announcer that only says what it would have done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.errors import StoreError
from bot.domain.failures import DagName, Failure, Pace, batch_job
from bot.domain.questions import Question
from bot.domain.work import Job, Priority, Queue
from bot.services.ports import BatchTaken


@dataclass
class _Batch:
    due_at: datetime
    failures: list[Failure] = field(default_factory=list)
    closed_at: datetime | None = None
    taken_by: int | None = None
    diagnosed: tuple[DagName, ...] = ()
    listed: int = 0


class FakeReportedFailures:
    """The port `ReportedFailures`; `enqueue` is given the job of each batch that is opened."""

    def __init__(
        self,
        enqueue: Callable[[Job], None],
        clock: Callable[[], datetime],
        pace: Pace | None = None,
    ) -> None:
        self._enqueue = enqueue
        self._clock = clock
        self._pace = pace or Pace()
        self._known: set[str] = set()
        self._batches: dict[int, _Batch] = {}
        self.down = False
        self.is_away: Callable[[], bool] = lambda: self.down

    async def add(self, failures: Sequence[Failure]) -> int:
        self._must_be_up()
        new = {one.key: one for one in reversed(failures) if one.key not in self._known}
        if new:
            self._known |= set(new)
            self._open_batch().failures += [new[key] for key in sorted(new)]
        return len(new)

    async def take(self, number: int) -> BatchTaken:
        self._must_be_up()
        now = self._clock()
        for own, batch in self._batches.items():
            if batch.closed_at is None and (own == number or batch.due_at <= now):
                batch.closed_at, batch.taken_by = now, number
        quiet = now - timedelta(seconds=max(self._pace.quiet, 60))
        told = [
            (batch.closed_at, batch.diagnosed)
            for own, batch in self._batches.items()
            if own != number and batch.closed_at is not None and batch.closed_at > quiet
        ]
        return BatchTaken(
            failures=tuple(self._held_by(number)),
            known=frozenset(name for _, names in told for name in names),
            spent=sum(len(names) for at, names in told if at > now - timedelta(minutes=1)),
        )

    def _held_by(self, number: int) -> Iterator[Failure]:
        known_by_a_task: set[tuple[str, str | None, str | None]] = set()
        for _, batch in sorted(self._batches.items()):
            if batch.taken_by == number:
                for failure in batch.failures:
                    if failure.target.task_id or _run(failure) not in known_by_a_task:
                        yield failure
            known_by_a_task |= {_run(one) for one in batch.failures if one.target.task_id}

    async def settle(self, number: int, diagnosed: Sequence[DagName], listed: int) -> None:
        self._must_be_up()
        batch = self._batches[number]
        batch.diagnosed, batch.listed = tuple(diagnosed), listed

    def _open_batch(self) -> _Batch:
        now = self._clock()
        for batch in self._batches.values():
            if batch.closed_at is None and batch.due_at > now:
                return batch
        number = max([int(now.timestamp()), *(last + 1 for last in self._batches)])
        due = now + timedelta(seconds=self._pace.gather)
        for batch in self._batches.values():
            if batch.listed and batch.closed_at is not None:
                due = max(due, batch.closed_at + timedelta(seconds=self._pace.spacing))
        self._enqueue(batch_job(number, (due - now).total_seconds()))
        return self._batches.setdefault(number, _Batch(due))

    def _must_be_up(self) -> None:
        if self.is_away():
            raise StoreError("The database does not answer.")


def _run(failure: Failure) -> tuple[str, str | None, str | None]:
    target = failure.target
    return target.cluster, target.dag_id, target.run_id


class FakeAnnouncer:
    """The port `Announcer`: jobs whose bodies say what was to be announced."""

    def diagnosis(self, question: Question, lead: str) -> Job:
        return Job(
            key=question.id,
            kind="arrival",
            body=(question, lead),
            queue=Queue.FAILURES,
            share=question.id,
            priority=Priority.REPORTED,
        )

    def message(self, key: str, text: str) -> Job:
        return Job(key=key, kind="post", body=text, queue=Queue.POSTS, share="C0FAILURES")
