"""Reported failures in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.errors import StoreError
from bot.domain.failures import Failure, Pace, batch_job
from bot.domain.work import Job


@dataclass
class _Batch:
    due_at: datetime
    failures: list[Failure] = field(default_factory=list)
    closed_at: datetime | None = None
    taken_by: int | None = None


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

    async def take(self, number: int) -> Sequence[Failure]:
        self._must_be_up()
        now = self._clock()
        for own, batch in self._batches.items():
            if batch.closed_at is None and (own == number or batch.due_at <= now):
                batch.closed_at, batch.taken_by = now, number
        return tuple(self._held_by(number))

    def _held_by(self, number: int) -> Iterator[Failure]:
        known_by_a_task: set[tuple[str, str | None, str | None]] = set()
        for _, batch in sorted(self._batches.items()):
            if batch.taken_by == number:
                for failure in batch.failures:
                    if failure.target.task_id or _run(failure) not in known_by_a_task:
                        yield failure
            known_by_a_task |= {_run(one) for one in batch.failures if one.target.task_id}

    def _open_batch(self) -> _Batch:
        now = self._clock()
        for batch in self._batches.values():
            if batch.closed_at is None and batch.due_at > now:
                return batch
        number = max([int(now.timestamp()), *(last + 1 for last in self._batches)])
        due = now + timedelta(seconds=self._pace.gather)
        self._enqueue(batch_job(number, (due - now).total_seconds()))
        return self._batches.setdefault(number, _Batch(due))

    def _must_be_up(self) -> None:
        if self.is_away():
            raise StoreError("The database does not answer.")


def _run(failure: Failure) -> tuple[str, str | None, str | None]:
    target = failure.target
    return target.cluster, target.dag_id, target.run_id
