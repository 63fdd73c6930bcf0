"""Durable work by what it is about: called off, and deleted with all that it had written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from dbos import error as dbos_errors
from sqlalchemy import (
    ColumnElement,
    Text,
    column,
    delete,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.errors import StoreError
from bot.domain.work import Job
from bot.services.talk import CalledOff
from bot.workflows.cancelling import call_off
from bot.workflows.databases import (
    client_of,
    open_engine,
    store_error,
)
from bot.workflows.enqueueing import Enqueuer
from bot.workflows.serializer import TypedJson, Unreadable
from bot.workflows.views import job_of
from bot.workflows.work_rows import LOOKED_AT, is_unfinished, is_waited_for, work_table

R = TypeVar("R")

_TOGETHER = 50  # conditions in one statement
_KEY = "workflow_uuid"
# No foreign key leads from these to the work that wrote them.
_WRITTEN = ("workflow_input", "workflow_output", "operation_outputs")


class WorkWithdrawal:
    """The port `WorkRecords`. Opens connections when first asked; `types` as for the engine. Work
    is kept for `looked_at` seconds after its end."""

    def __init__(self, url: str, types: Sequence[type], looked_at: float = LOOKED_AT) -> None:
        self._looked_at = looked_at
        self._database = open_engine(url, connections=1)
        self._work = work_table(self._database.dialect.name)
        serializer = TypedJson(types)
        self._client = client_of(self._database, serializer)
        self._enqueuer = Enqueuer(serializer, self._database)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="withdrawal")

    async def close(self) -> None:
        self._database.dispose()
        self._threads.shutdown(wait=False)

    async def stop(
        self,
        holding: Sequence[str],
        kinds: Sequence[str],
        *,
        but: str = "",
        by: Callable[[Job], bool] = lambda _: True,
        follow_up: Callable[[Job], Job] | None = None,
    ) -> CalledOff:
        def stop() -> CalledOff:
            jobs = [job for job in self._unfinished_jobs(holding) if job.kind in kinds]
            jobs = [job for job in jobs if job.key != but]
            chosen = [job for job in jobs if isinstance(job.body, Unreadable) or by(job)]
            for job in chosen:
                self._call_off(job, follow_up)
            return CalledOff(tuple(job.key for job in chosen), len(jobs) - len(chosen))

        return await self._in_thread(stop)

    async def stop_channel(self, workspace: str, channel: str, until: str) -> None:
        def stop() -> None:
            for job in self._unfinished_jobs([f"{workspace}:{channel}:"], until):
                self._call_off(job, None)

        await self._in_thread(stop)

    async def erase(self, holding: Sequence[str], until: str = "") -> bool:
        return await self._in_thread(lambda: self._erase(holding, until))

    def _call_off(self, job: Job, follow_up: Callable[[Job], Job] | None) -> None:
        if follow_up is not None and not isinstance(job.body, Unreadable):
            self._enqueuer.start(follow_up(job))
        call_off(self._client, job.key)

    def _unfinished_jobs(self, holding: Sequence[str], until: str = "") -> list[Job]:
        found = self._keys(holding, is_unfinished(self._work) & self._is_handed_in(until))
        if not found:
            return []
        listed = self._client.list_workflows(workflow_ids=found, load_output=False)
        return [job for each in listed if (job := job_of(each)) is not None]

    def _erase(self, holding: Sequence[str], until: str) -> bool:
        """Also what was written by work that is deleted already: it may have ended after that.

        What comes in meanwhile stays, so that what is to go is said in the statements themselves.
        """
        work, of_then = self._work, self._is_handed_in(until)
        waited_for = is_waited_for(work, self._database.dialect.name, self._looked_at)
        if self._keys(holding, of_then & (is_unfinished(work) | waited_for)):
            # What is finished of it may be waited for by the rest.
            return False
        goes = of_then & ~is_unfinished(work)
        with self._database.begin() as connection:
            for some in _portions(holding):
                theirs = _holds(work.c[_KEY], some)
                connection.execute(delete(work).where(theirs, goes))
                left = select(work.c[_KEY]).where(theirs)
                for name in _WRITTEN:
                    written = table(name, column(_KEY, Text), schema=work.schema)
                    orphans = _holds(written.c[_KEY], some) & written.c[_KEY].not_in(left)
                    connection.execute(delete(written).where(orphans))
        return True

    def _is_handed_in(self, until: str) -> ColumnElement[bool]:
        return self._work.c.created_at <= float(until) * 1000 if until else true()

    def _keys(self, holding: Sequence[str], where: ColumnElement[bool]) -> list[str]:
        work = self._work
        found: dict[str, None] = {}
        with self._database.connect() as connection:
            for some in _portions(holding):
                keys = select(work.c[_KEY]).where(_holds(work.c[_KEY], some), where)
                found |= dict.fromkeys(connection.scalars(keys.order_by(work.c.created_at)))
        return list(found)

    async def _in_thread(self, call: Callable[[], R]) -> R:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except SQLAlchemyError as error:
            raise store_error("Calling work off", error) from error
        except dbos_errors.DBOSException as error:
            raise StoreError(f"Calling work off failed: {error}") from error


def _portions(holding: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(holding), _TOGETHER):
        yield holding[begin : begin + _TOGETHER]


def _holds(key: ColumnElement[str], holding: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(key.contains(each, autoescape=True) for each in holding))
