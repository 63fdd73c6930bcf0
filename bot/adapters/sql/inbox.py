"""The way in for work: a row of the inbox and the work itself, kept in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from typing import Any, Protocol

from sqlalchemy import Connection, exists, or_, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.columns import storable
from bot.adapters.sql.engine import store_errors
from bot.adapters.sql.statements import delete_before, insert_new, is_thread
from bot.adapters.sql.tables import ConversationRow, InboxRow, TurnRow
from bot.adapters.sql.writer import in_one_go
from bot.domain.errors import StoreError
from bot.domain.questions import ThreadKey
from bot.domain.work import Delivery, Job


class Enqueue(Protocol):
    def __call__(self, connection: Connection, /, *jobs: Job) -> None: ...


TOGETHER_MAX = 50

_DOING = "Taking on work"
_DATABASE_IS_AWAY = (OperationalError, InterfaceError, NoFreeConnection)
_NOWHERE = ThreadKey("", "", "")


@dataclass(frozen=True, slots=True)
class _Arrival:
    job: Job
    delivery: Delivery
    at: datetime
    kept: asyncio.Future[bool]


class SqlInbox:
    """The port `Intake`, over the database that also holds the durable work.

    `enqueue` puts jobs into the engine of durable work over the connection that it is given; it
    may be called again for the same jobs after its transaction was rolled back. What arrives while
    one transaction is under way goes into the next together, with one write to the disk.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        enqueue: Enqueue,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._enqueue = enqueue
        self._clock = clock
        self._waiting: list[_Arrival] = []
        self._writer: asyncio.Task[None] | None = None

    async def take(self, job: Job, delivery: Delivery) -> bool:
        """False where this key was taken on before. Raises `StoreError` where it was not kept."""
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Arrival(job, delivery, self._clock(), kept))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._keep_all())
        return await kept

    async def engaged(self, thread: ThreadKey) -> bool:
        """Whether the bot is part of that thread: called into it, or having answered there."""
        called = exists().where(*is_thread(InboxRow, thread), InboxRow.engages)
        answered = (
            exists()
            .where(*is_thread(ConversationRow, thread))
            .where(TurnRow.conversation_id == ConversationRow.id)
        )
        with store_errors("Looking for a thread"):
            async with self._engine.connect() as connection:
                return bool(await connection.scalar(select(or_(called, answered))))

    async def tidy(self, before: datetime) -> int:
        """Forgets what arrived before then; returns how many. What is delivered again later than
        that counts as new."""
        with store_errors("Tidying the inbox"):
            return await delete_before(self._engine, InboxRow.key, InboxRow.created_at, before)

    async def _keep_all(self) -> None:
        together: list[_Arrival] = []
        try:
            while self._waiting:
                await self._gather()
                together, self._waiting = _first_of_each_key(self._waiting)
                await self._keep(together)
        finally:
            cut_short, self._waiting = [*together, *self._waiting], []
            _fail(cut_short, StoreError(f"{_DOING} failed: the bot is shutting down."))

    async def _gather(self) -> None:
        """Until whatever has come in by now is waiting too: requests are read one by one, and to
        begin with the first of them would mean one more write to the disk for the others."""
        known = 0
        while known < len(self._waiting) < TOGETHER_MAX:
            known = len(self._waiting)
            await asyncio.sleep(0)

    async def _keep(self, arrivals: Sequence[_Arrival]) -> None:
        try:
            with store_errors(_DOING):
                new = await in_one_go(self._engine, partial(self._write, arrivals))
        except Exception as error:  # the takers' door: each is told, the next are still served
            if len(arrivals) > 1 and not isinstance(error.__cause__, _DATABASE_IS_AWAY):
                # One that cannot be kept shall not take the others with it.
                for arrival in arrivals:
                    await self._keep([arrival])
                return
            _fail(arrivals, error)
        else:
            for arrival in arrivals:
                if not arrival.kept.done():
                    arrival.kept.set_result(storable(arrival.job.key) in new)

    def _write(self, arrivals: Sequence[_Arrival], connection: Connection) -> set[str]:
        """The keys that were not there yet."""
        # Sorted: two processes that hold a row each would otherwise wait for one another.
        rows = sorted(map(_values, arrivals), key=itemgetter("key"))
        new = insert_new(connection, InboxRow.key, rows)
        jobs = [arrival.job for arrival in arrivals if storable(arrival.job.key) in new]
        if jobs:
            self._enqueue(connection, *jobs)
        return new


def _first_of_each_key(waiting: Sequence[_Arrival]) -> tuple[list[_Arrival], list[_Arrival]]:
    """Those to keep next, in the order of arrival, and the rest."""
    chosen: dict[str, _Arrival] = {}
    rest = []
    for arrival in waiting:
        key = storable(arrival.job.key)
        if key in chosen or len(chosen) == TOGETHER_MAX:
            rest.append(arrival)
        else:
            chosen[key] = arrival
    return list(chosen.values()), rest


def _fail(arrivals: Sequence[_Arrival], error: Exception) -> None:
    if not isinstance(error, StoreError):
        told = StoreError(f"{_DOING} failed: {type(error).__name__}: {error}")
        told.__cause__ = error
        error = told
    for arrival in arrivals:
        if not arrival.kept.done():
            arrival.kept.set_exception(error)


def _values(arrival: _Arrival) -> dict[str, Any]:
    job, delivery = arrival.job, arrival.delivery
    thread = delivery.thread or _NOWHERE
    return {
        "key": storable(job.key),
        "kind": job.kind,
        "origin": delivery.origin,
        "workspace": thread.workspace,
        "channel": thread.channel,
        "thread": thread.thread,
        "user_id": delivery.user_id,
        "event_id": delivery.event_id,
        "engages": delivery.engages,
        "author_team": "",
        "created_at": arrival.at,
    }
