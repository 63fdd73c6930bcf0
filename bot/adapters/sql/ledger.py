"""The ledger of posts: which messages of ours stand in Slack, one page for each."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import ColumnElement, case, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.columns import UtcDateTime
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.page_locks import Do, PageLocks, T, Work
from bot.adapters.sql.statements import delete_before, insert_into
from bot.adapters.sql.tables import PostRow
from bot.domain.errors import StoreError
from bot.domain.questions import ThreadKey
from bot.services.ports import Posted

HELD_BY = 4
"""Connections to a PostgreSQL that hold the pages of one process."""

_NOWHERE = ThreadKey("", "", "")
_OURS = b"airflow-bot post "  # keeps the locks apart from others' in a shared PostgreSQL


class SqlPostLedger:
    """The port `PostLedger`. A page that another has open is waited for, `wait` seconds at most.

    All pages of a process share a few connections, `HELD_BY` of `engine` and one for tidying. A
    SQLite file has one process, so locks inside that do, where all its posts go through one ledger.
    """

    def __init__(self, engine: AsyncEngine, *, wait: float = 30.0) -> None:
        self._engine = engine
        self._wait = wait
        self._is_shared = engine.dialect.name == "postgresql"
        self._among_replicas = [PageLocks(engine) for _ in range(HELD_BY)]
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def page(self, key: str, thread: ThreadKey | None = None) -> AsyncIterator[SqlPostEntry]:
        """Raises `StoreError`, also where another keeps the page open for longer than `wait`."""
        async with self._alone_in_process(key), self._alone_among_replicas(key) as (read, write):
            entry = SqlPostEntry(read, write, key, thread or _NOWHERE)
            await entry.look_up()
            yield entry

    async def tidy(self, before: datetime) -> int:
        """Forgets messages that were neither announced nor changed since then; returns how many.
        One that still changes, as that of a failure that goes on for weeks, would be posted anew.
        """
        unchanged = or_(PostRow.recorded_at.is_(None), PostRow.recorded_at < before)
        with store_errors("Tidying the ledger of posts"):
            return await delete_before(
                self._engine, PostRow.key, PostRow.announced_at, before, unchanged
            )

    @asynccontextmanager
    async def _alone_in_process(self, key: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self._wait):
                await lock.acquire()
        except TimeoutError:
            raise self._still_open(key) from None
        try:
            yield
        finally:
            lock.release()

    @asynccontextmanager
    async def _alone_among_replicas(self, key: str) -> AsyncIterator[tuple[Do, Do]]:
        """How to read and write while the page is open."""
        if not self._is_shared:
            yield partial(_read, self._engine), partial(_written, self._engine)
            return
        number = _page_number(key)
        async with self._among_replicas[number % HELD_BY].held(number, self._wait) as do:
            if do is None:
                raise self._still_open(key)
            yield do, do

    def _still_open(self, key: str) -> StoreError:
        return StoreError(
            f"The post {key} is in other hands, and was not given back within {self._wait:g} s. "
            "It is tried again by itself; if this lasts, look for a replica that hangs."
        )


class SqlPostEntry:
    """The port `PostEntry`: of use only while its page is open."""

    def __init__(self, read: Do, write: Do, key: str, thread: ThreadKey) -> None:
        self._read = read
        self._write = write
        self._key = key
        self._thread = thread
        self._posted: Posted | None = None

    @property
    def posted(self) -> Posted | None:
        """As it was when the page was opened, and what was announced and recorded since."""
        return self._posted

    async def look_up(self) -> None:
        """Reads what is known; done for whoever opens the page."""

        async def read(on: AsyncConnection) -> Any:
            known = select(
                PostRow.ts,
                PostRow.revision,
                PostRow.announced_at,
                PostRow.recorded_at,
                PostRow.late_revision,
                PostRow.late_at,
                _now(on).label("now"),
            )
            return (await on.execute(known.where(PostRow.key == self._key))).first()

        with store_errors("Looking up a post"):
            row = await self._read(read)
        if row is not None:
            given_up = row.recorded_at if row.ts is None else None
            self._posted = Posted(
                row.ts,
                row.revision,
                _seconds(given_up or row.announced_at, row.now),
                given_up is not None,
                row.late_revision,
                _seconds(row.late_at or row.now, row.now),
            )

    async def announce(self) -> None:
        """Kept before Slack is called; announced anew where an earlier call came to nothing.

        Its age starts then: what Slack does not show yet may be of the newest call.
        """

        async def write(on: AsyncConnection) -> None:
            row = insert_into(on, PostRow).values(self._values(on))
            anew = {"announced_at": row.excluded.announced_at, "recorded_at": None}
            await on.execute(
                row.on_conflict_do_update(
                    index_elements=["key"], set_=anew, where=PostRow.ts.is_(None)
                )
            )

        with store_errors("Announcing a post"):
            await self._write(write)
        if self._posted is None or self._posted.ts is None:
            self._posted = Posted(None, 0, 0.0)

    async def give_up(self) -> None:
        """From now on it is known that the announced call goes on no more."""

        async def write(on: AsyncConnection) -> None:
            await on.execute(update(PostRow).where(*self._unsaid).values(recorded_at=_now(on)))

        with store_errors("Recording the end of a call"):
            await self._write(write)
        if self._posted is not None and self._posted.ts is None:
            self._posted = Posted(None, 0, 0.0, is_given_up=True)

    async def retract(self) -> None:
        """As if it had never been announced; a message that stands is left alone."""

        async def write(on: AsyncConnection) -> None:
            await on.execute(delete(PostRow).where(*self._unsaid))

        with store_errors("Taking back the announcement of a post"):
            await self._write(write)
        if self._posted is not None and self._posted.ts is None:
            self._posted = None

    async def record(self, ts: str, revision: int) -> None:
        """The message stands, and shows that revision. A lower one than known changes nothing."""

        async def write(on: AsyncConnection) -> None:
            stands = {"ts": ts, "revision": revision, "recorded_at": _now(on)}
            known, given = PostRow.revision, literal(revision)
            newest = {"revision": case((known < given, given), else_=known)}
            row = insert_into(on, PostRow).values(self._values(on) | stands)
            await on.execute(
                row.on_conflict_do_update(index_elements=["key"], set_=stands | newest)
            )

        with store_errors("Recording a post"):
            await self._write(write)
        known = self._posted or Posted(None, 0, 0.0)
        self._posted = replace(
            known, ts=ts, revision=max(known.revision, revision), is_given_up=False
        )

    async def leave_late(self, revision: int) -> None:
        async def write(on: AsyncConnection) -> None:
            late = {"late_revision": revision, "late_at": _now(on)}
            await on.execute(update(PostRow).where(PostRow.key == self._key).values(late))

        with store_errors("Recording that a change may come late"):
            await self._write(write)
        if self._posted is not None:
            self._posted = replace(self._posted, late=revision, late_age=0.0)

    @property
    def _unsaid(self) -> tuple[ColumnElement[bool], ...]:
        return PostRow.key == self._key, PostRow.ts.is_(None)

    def _values(self, connection: AsyncConnection) -> dict[str, object]:
        return {
            "key": self._key,
            "workspace": self._thread.workspace,
            "channel": self._thread.channel,
            "thread": self._thread.thread,
            "revision": 0,
            "announced_at": _now(connection),
        }


async def _read(engine: AsyncEngine, work: Work[T]) -> T:
    async with engine.connect() as connection:
        return await work(connection)


async def _written(engine: AsyncEngine, work: Work[T]) -> T:
    async with writing(engine) as connection:
        return await work(connection)


def _now(connection: AsyncConnection) -> ColumnElement[datetime]:
    """By one clock for all replicas: ages are held against what Slack needs."""
    if connection.dialect.name == "postgresql":
        return func.clock_timestamp(type_=UtcDateTime())
    return literal(datetime.now(UTC), UtcDateTime())


def _seconds(since: datetime, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0)


def _page_number(key: str) -> int:
    """What PostgreSQL calls a lock by: 64 bits."""
    digest = hashlib.blake2b(_OURS + key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
