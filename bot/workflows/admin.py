"""Looking at durable work and meddling with it, from any process and while it goes on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from dbos import WorkflowStatus
from dbos import error as dbos_errors
from sqlalchemy import Select, case, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import BadRequest, StoreError
from bot.domain.work import CALLED_OFF, Job, Queue, QueueDepth, WorkStatus
from bot.workflows.cancelling import call_off
from bot.workflows.databases import (
    client_of,
    is_sqlite,
    open_engine,
    store_error,
    verify_engine,
)
from bot.workflows.enqueueing import Enqueuer
from bot.workflows.queues import alone, queue_of
from bot.workflows.retrying import retry, workflow_of
from bot.workflows.serializer import TypedJson, Unreadable
from bot.workflows.views import (
    GIVEN_UP,
    STATUSES,
    Work,
    WorkDetail,
    job_of,
    step_of,
    summary_of,
    work_of,
)
from bot.workflows.work_rows import foreign_versions, is_ours, work_table

R = TypeVar("R")

_BATCH = 500  # deleted in one go, so that nobody waits long for their turn to write
_UNWINDING = 2.0  # seconds for work that is cancelled to notice; what follows on it begins then
_FINISHED = (WorkStatus.DONE, WorkStatus.FAILED, WorkStatus.CANCELLED)
_FOREIGN = (
    "Run the version that it is of until it is done, or call it off: airflow-bot work cancel."
)
_COUNTED = (WorkStatus.WAITING, WorkStatus.RUNNING, WorkStatus.FAILED)


def _now() -> datetime:
    return datetime.now(UTC)


class WorkAdmin:
    """Opens connections when first asked. Every method raises `StoreError` where the database
    fails. `types` as for the engine; `redact` takes secrets out of what is shown; `describe` says
    in words what the body of a job is about."""

    def __init__(
        self,
        url: str,
        types: Sequence[type],
        *,
        redact: Callable[[str], str] = str,
        describe: Callable[[object], str] = lambda _: "",
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._redact = redact
        self._describe = describe
        self._clock = clock
        self._url = url
        self._file = Path(str(make_url(url).database)) if is_sqlite(url) else None
        self._database = open_engine(url, connections=1)
        self._work = work_table(self._database.dialect.name)
        self._json = TypedJson(types)
        self._client = client_of(self._database, self._json)
        self._enqueuer = Enqueuer(self._json, self._database)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="work-admin")
        self._is_verified = False

    async def close(self) -> None:
        self._database.dispose()
        self._threads.shutdown(wait=False)

    async def verify(self) -> None:
        """Raises `StoreError` where the tables are not those that are known here, or the database
        is not to be had. Every other method sees to that as well."""
        await self._in_thread(lambda: None)

    async def list(
        self,
        status: WorkStatus | None = None,
        queue: Queue | None = None,
        since: datetime | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> Sequence[Work]:
        """Newest first. Cancelled work is in no queue any more."""
        find = partial(
            self._client.list_workflows,
            status=[*STATUSES[status]] if status else None,
            start_time=since.isoformat() if since else None,
            sort_desc=True,
        )

        def look() -> Sequence[WorkflowStatus]:
            if queue is None:
                return find(limit=limit, offset=offset)
            keys = self._keys_in(queue, status, since, limit, offset)
            return find(workflow_ids=[*keys]) if keys else ()

        return tuple(work_of(each, self._what) for each in await self._in_thread(look))

    async def show(self, key: str) -> WorkDetail | None:
        """None where there is no such work."""
        return await self._in_thread(partial(self._show, key))

    async def job(self, key: str) -> Job | None:
        """As it was handed in; None where it is gone, or written down by another version in a way
        that this one cannot read."""
        return await self._in_thread(partial(self._job, key))

    async def status(self, key: str) -> WorkStatus | None:
        """None where there is no such work."""
        find = partial(
            self._client.list_workflows, workflow_ids=[key], load_input=False, load_output=False
        )
        found = await self._in_thread(find)
        return work_of(found[0]).status if found else None

    async def check_versions(self) -> Check:
        """Whether all unfinished work is of a version of the steps that this one takes up."""
        foreign = await self._in_thread(self._foreign)
        check = partial(Check, "durable work", "versions")
        if not foreign:
            return check(CheckStatus.OK, "all unfinished work can be gone on with")
        counts = ", ".join(f"{count} of version {version}" for version, count in foreign)
        return check(CheckStatus.WARNING, f"not taken up by this version: {counts}", _FOREIGN)

    async def retry(self, key: str) -> None:
        """Failed or cancelled work goes on from where it stopped, under its key: what was done
        is not done again. Work that it failed over, or that was cancelled with it, is retried
        first; what it tried in vain until it gave up is tried anew.

        Raises `BadRequest` for work that is done, still under way or not there.
        """
        await self._in_thread(partial(retry, self._client, key))

    async def cancel(self, key: str) -> None:
        """With all work that it handed on; a step under way ends within about a second.

        A job of the kind `CALLED_OFF` follows on it: at its end work is not asked to tidy up. It is
        there already where the work was not cancelled after all.
        Raises `BadRequest` for work that is finished or not there.
        """
        await self._in_thread(partial(self._cancel, key))

    async def depths(self) -> Sequence[QueueDepth]:
        """Of each queue what waits, runs and has failed, zeros included."""
        return await self._in_thread(self._depths)

    async def tidy(self, older_than: timedelta) -> int:
        """Deletes work that finished before that; how many. Its keys are new again then."""
        return await self._in_thread(partial(self._tidy, older_than))

    def _show(self, key: str) -> WorkDetail | None:
        found = self._client.list_workflows(workflow_ids=[key])
        if not found:
            return None
        listed = self._client.list_workflow_steps(key)
        steps = tuple(
            step_of(each, lambda kept: len(self._json.serialize(kept))) for each in listed
        )
        work = work_of(found[0], self._what)
        return WorkDetail(work, summary_of(found[0], self._redact), steps)

    def _job(self, key: str) -> Job | None:
        found = self._client.list_workflows(workflow_ids=[key], load_output=False)
        job = job_of(found[0]) if found else None
        return None if job is None or isinstance(job.body, Unreadable) else job

    def _foreign(self) -> Sequence[tuple[str, int]]:
        with self._database.connect() as connection:
            found = connection.execute(foreign_versions(self._url))
            return [(version, count) for version, count in found]

    def _what(self, body: object) -> str:
        return self._redact(self._describe(body))

    def _cancel(self, key: str) -> None:
        workflow = workflow_of(self._client, key)
        status = work_of(workflow).status
        if status in _FINISHED:
            raise BadRequest(f"The work {key} is {status} already.")
        job = job_of(workflow)
        if job is not None and job.kind != CALLED_OFF and not isinstance(job.body, Unreadable):
            # First, so that a death in between leaves nobody without a word.
            self._enqueuer.start(self._follow_up(job))
        call_off(self._client, key)

    def _follow_up(self, job: Job) -> Job:
        at = self._clock().timestamp()  # work that is taken up again may be cancelled again
        return replace(
            job,
            key=f"{CALLED_OFF}:{job.key}:{at:.3f}",
            kind=CALLED_OFF,
            queue=Queue.LATER,
            delay=_UNWINDING,
            part_of=job.key,
        )

    def _keys_in(
        self,
        queue: Queue,
        status: WorkStatus | None,
        since: datetime | None,
        limit: int,
        offset: int,
    ) -> Sequence[str]:
        """What was given up stands in no queue any more; it is found where it was handed in to."""
        work = self._work
        given_up = [key for key, its in self._given_up().items() if its == queue.value]
        conditions = [
            is_ours(work),
            work.c.queue_name.in_([queue.value, alone(queue)]) | work.c.workflow_uuid.in_(given_up),
        ]
        if status is not None:
            conditions.append(work.c.status.in_(STATUSES[status]))
        if since is not None:
            conditions.append(work.c.created_at >= since.timestamp() * 1000)
        newest = select(work.c.workflow_uuid).where(*conditions).order_by(work.c.created_at.desc())
        with self._database.connect() as connection:
            return connection.scalars(newest.limit(limit).offset(offset)).all()

    def _given_up(self) -> Mapping[str, str]:
        """Keys of work that its processes died of, each with the queue that it was handed in to."""
        listed = self._client.list_workflows(status=GIVEN_UP, load_output=False)
        jobs = ((each.workflow_id, job_of(each)) for each in listed)
        return {key: job.queue.value for key, job in jobs if job is not None}

    def _depths(self) -> Sequence[QueueDepth]:
        found = {(queue.value, status): (0, 0.0) for queue in Queue for status in _COUNTED}
        now = self._clock().timestamp()
        with self._database.connect() as connection:
            rows = [(*row,) for row in connection.execute(self._counts())]
        if any(queue is None for queue, *_ in rows):
            given_up = Counter(self._given_up().values())
            rows += [(queue, WorkStatus.FAILED, count, 0) for queue, count in given_up.items()]
        for queue, status, count, oldest in rows:
            place = (queue_of(queue or ""), WorkStatus(status))
            if place in found:
                age = max(0.0, now - oldest / 1000) if status != WorkStatus.FAILED else 0.0
                found[place] = (found[place][0] + count, max(found[place][1], age))
        return tuple(QueueDepth(queue, status, *each) for (queue, status), each in found.items())

    def _counts(self) -> Select[str, str, int, int]:
        work = self._work
        counted = [(theirs, ours.value) for ours in _COUNTED for theirs in STATUSES[ours]]
        status = case(*((work.c.status == theirs, ours) for theirs, ours in counted))
        due = func.coalesce(work.c.delay_until_epoch_ms, work.c.created_at)
        return (
            select(work.c.queue_name, status, func.count(), func.min(due))
            .where(is_ours(work), work.c.status.in_([theirs for theirs, _ in counted]))
            .group_by(work.c.queue_name, status)
        )

    def _tidy(self, older_than: timedelta) -> int:
        before = (self._clock() - older_than).isoformat()
        deleted = 0
        while True:
            finished = self._client.list_workflows(
                status=[theirs for ours in _FINISHED for theirs in STATUSES[ours]],
                completed_before=before,
                limit=_BATCH,
                load_input=False,
                load_output=False,
            )
            self._client.delete_workflows([each.workflow_id for each in finished])
            deleted += len(finished)
            if len(finished) < _BATCH:
                return deleted

    def _verify(self) -> None:
        if self._is_verified:
            return
        # To connect would make it.
        if self._file is not None and not self._file.exists():
            raise StoreError(f"There is no database {self._file} yet. Start the bot once.")
        verify_engine(self._database)
        self._is_verified = True

    async def _in_thread(self, call: Callable[[], R]) -> R:
        def verified() -> R:
            self._verify()
            return call()

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, verified)
        except SQLAlchemyError as error:
            raise store_error("Looking at durable work", error) from error
        except dbos_errors.DBOSException as error:
            raise StoreError(f"Looking at durable work failed: {error}") from error
