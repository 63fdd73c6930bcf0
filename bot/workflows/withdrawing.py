"""Durable work by what it is about: called off, and deleted with all that it had written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from dbos import error as dbos_errors
from sqlalchemy import ColumnElement, Text, column, delete, or_, select, table
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.errors import StoreError
from bot.domain.work import Job, WorkStatus
from bot.workflows.databases import client_of, open_engine, store_error
from bot.workflows.serializer import TypedJson, Unreadable
from bot.workflows.views import STATUSES, job_of
from bot.workflows.work_rows import work_table

R = TypeVar("R")

_TOGETHER = 50  # conditions in one statement
_KEY = "workflow_uuid"
# No foreign key leads from these to the work that wrote them.
_WRITTEN = ("workflow_input", "workflow_output", "operation_outputs")
_UNFINISHED = (*STATUSES[WorkStatus.WAITING], *STATUSES[WorkStatus.RUNNING])


class WorkWithdrawal:
    """The port `WorkRecords`. Opens connections when first asked; `types` as for the engine."""

    def __init__(self, url: str, types: Sequence[type]) -> None:
        self._database = open_engine(url, connections=1)
        self._client = client_of(self._database, TypedJson(types))
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="withdrawal")

    async def close(self) -> None:
        self._database.dispose()
        self._threads.shutdown(wait=False)

    async def stop(
        self, holding: Sequence[str], kinds: Sequence[str], but: str = ""
    ) -> Sequence[Job]:
        return await self._in_thread(lambda: self._stop(holding, kinds, but))

    async def erase(self, holding: Sequence[str], but: str = "") -> bool:
        return await self._in_thread(lambda: self._erase(holding, but))

    def _stop(self, holding: Sequence[str], kinds: Sequence[str], but: str) -> Sequence[Job]:
        found = self._unfinished(holding, but)
        if not found:
            return ()
        listed = self._client.list_workflows(workflow_ids=found, load_output=False)
        jobs = [job for each in listed if (job := job_of(each)) is not None and job.kind in kinds]
        for job in jobs:
            self._client.cancel_workflow(job.key, cancel_children=True)
        return tuple(job for job in jobs if not isinstance(job.body, Unreadable))

    def _erase(self, holding: Sequence[str], but: str) -> bool:
        unfinished = self._unfinished(holding, but)
        work = work_table(self._database.dialect.name)
        with self._database.begin() as connection:
            for some in _portions(holding):
                for name in _WRITTEN:
                    written = table(name, column(_KEY, Text), schema=work.schema)
                    theirs = _holds(written.c[_KEY], some, but)
                    left = written.c[_KEY].not_in(unfinished)
                    connection.execute(delete(written).where(theirs, left))
                finished = work.c.status.not_in(_UNFINISHED)
                theirs = _holds(work.c[_KEY], some, but)
                connection.execute(delete(work).where(theirs, finished))
        return not unfinished

    def _unfinished(self, holding: Sequence[str], but: str) -> list[str]:
        work = work_table(self._database.dialect.name)
        found: dict[str, None] = {}
        with self._database.connect() as connection:
            for some in _portions(holding):
                keys = select(work.c[_KEY]).where(
                    _holds(work.c[_KEY], some, but), work.c.status.in_(_UNFINISHED)
                )
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


def _holds(key: ColumnElement[str], holding: Sequence[str], but: str) -> ColumnElement[bool]:
    named = or_(*(key.contains(each, autoescape=True) for each in holding))
    return named & (key != but)
