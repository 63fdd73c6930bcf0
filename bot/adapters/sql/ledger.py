"""The ledger of posts: which messages of ours stand in Slack, one page for each."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from weakref import WeakValueDictionary

from sqlalchemy import ColumnElement, case, delete, func, literal, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.columns import UtcDateTime
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.statements import delete_before, insert_into
from bot.adapters.sql.tables import PostRow
from bot.domain.errors import StoreError
from bot.domain.questions import ThreadKey
from bot.services.ports import Posted

_Connect = Callable[[], AbstractAsyncContextManager[AsyncConnection]]

_NOWHERE = ThreadKey("", "", "")
_LOCK_NOT_AVAILABLE = "55P03"
_OURS = b"airflow-bot post "  # keeps the locks apart from others' in a shared PostgreSQL


class SqlPostLedger:
    """The port `PostLedger`. A page that another has open is waited for, `wait` seconds at most.

    On PostgreSQL an open page holds a connection of `engine`, and on it a lock of that session:
    it ends with the process that holds it, not while that is merely slow. A SQLite file has one
    process, so locks inside that do, where all its posts go through one ledger.
    """

    def __init__(self, engine: AsyncEngine, *, wait: float = 30.0) -> None:
        self._engine = engine
        self._wait = wait
        self._is_shared = engine.dialect.name == "postgresql"
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def page(self, key: str, thread: ThreadKey | None = None) -> AsyncIterator[SqlPostEntry]:
        """Raises `StoreError`, also where another keeps the page open for longer than `wait`."""
        alone = self._alone_among_replicas if self._is_shared else self._alone_in_process
        async with alone(key) as (read, write):
            entry = SqlPostEntry(read, write, key, thread or _NOWHERE)
            await entry.look_up()
            yield entry

    async def tidy(self, before: datetime) -> int:
        """Forgets messages that were announced before then; returns how many."""
        with store_errors("Tidying the ledger of posts"):
            return await delete_before(self._engine, PostRow.key, PostRow.announced_at, before)

    @asynccontextmanager
    async def _alone_in_process(self, key: str) -> AsyncIterator[tuple[_Connect, _Connect]]:
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self._wait):
                await lock.acquire()
        except TimeoutError:
            raise self._still_open(key) from None
        try:
            yield self._engine.connect, lambda: writing(self._engine)
        finally:
            lock.release()

    @asynccontextmanager
    async def _alone_among_replicas(self, key: str) -> AsyncIterator[tuple[_Connect, _Connect]]:
        with store_errors("Opening the ledger of posts"):
            connection = await self._engine.connect()
        try:
            await self._lock(connection, key)
            on_this = partial(_begin, connection)
            yield on_this, on_this
            with store_errors("Closing the ledger of posts"):
                await connection.execute(
                    text("SELECT pg_advisory_unlock(:page)"), {"page": _page_number(key)}
                )
                await connection.commit()
        except BaseException:
            # It may hold the lock still, which its end gives back for certain.
            await connection.invalidate()
            raise
        finally:
            await connection.close()

    async def _lock(self, connection: AsyncConnection, key: str) -> None:
        bounds = "SELECT set_config('lock_timeout', :wait, true), set_config(:own, '0', true)"
        values = {"wait": f"{self._wait * 1000:.0f}ms", "own": "statement_timeout"}
        with store_errors("Opening the ledger of posts"):
            await connection.execute(text(bounds), values)
            try:
                await connection.execute(
                    text("SELECT pg_advisory_lock(:page)"), {"page": _page_number(key)}
                )
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
                    raise self._still_open(key) from None
                raise
            await connection.commit()

    def _still_open(self, key: str) -> StoreError:
        return StoreError(
            f"The post {key} is in other hands, and was not given back within {self._wait:g} s. "
            "It is tried again by itself; if this lasts, look for a replica that hangs."
        )


class SqlPostEntry:
    """The port `PostEntry`: of use only while its page is open."""

    def __init__(self, read: _Connect, write: _Connect, key: str, thread: ThreadKey) -> None:
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
        with store_errors("Looking up a post"):
            async with self._read() as connection:
                row = (
                    await connection.execute(
                        select(
                            PostRow.ts,
                            PostRow.revision,
                            PostRow.announced_at,
                            PostRow.recorded_at,
                            _now(connection).label("now"),
                        ).where(PostRow.key == self._key)
                    )
                ).first()
        if row is not None:
            given_up = row.recorded_at if row.ts is None else None
            age = (row.now - (given_up or row.announced_at)).total_seconds()
            self._posted = Posted(row.ts, row.revision, max(age, 0.0), given_up is not None)

    async def announce(self) -> None:
        """Kept before Slack is called; announced anew where an earlier call came to nothing.

        Its age starts then: what Slack does not show yet may be of the newest call.
        """
        with store_errors("Announcing a post"):
            async with self._write() as connection:
                statement = insert_into(connection, PostRow).values(self._values(connection))
                await connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["key"],
                        set_={
                            "announced_at": statement.excluded.announced_at,
                            "recorded_at": None,
                        },
                        where=PostRow.ts.is_(None),
                    )
                )
        if self._posted is None or self._posted.ts is None:
            self._posted = Posted(None, 0, 0.0)

    async def give_up(self) -> None:
        """From now on it is known that the announced call goes on no more."""
        with store_errors("Recording the end of a call"):
            async with self._write() as connection:
                unsaid = (PostRow.key == self._key, PostRow.ts.is_(None))
                ended = update(PostRow).where(*unsaid).values(recorded_at=_now(connection))
                await connection.execute(ended)
        if self._posted is not None and self._posted.ts is None:
            self._posted = Posted(None, 0, 0.0, is_given_up=True)

    async def retract(self) -> None:
        """As if it had never been announced; a message that stands is left alone."""
        with store_errors("Taking back the announcement of a post"):
            async with self._write() as connection:
                unsaid = (PostRow.key == self._key, PostRow.ts.is_(None))
                await connection.execute(delete(PostRow).where(*unsaid))
        if self._posted is not None and self._posted.ts is None:
            self._posted = None

    async def record(self, ts: str, revision: int) -> None:
        """The message stands, and shows that revision. A lower one than known changes nothing."""
        with store_errors("Recording a post"):
            async with self._write() as connection:
                now = _now(connection)
                values = self._values(connection) | {
                    "ts": ts,
                    "revision": revision,
                    "recorded_at": now,
                }
                known, given = PostRow.revision, literal(revision)
                await connection.execute(
                    insert_into(connection, PostRow)
                    .values(values)
                    .on_conflict_do_update(
                        index_elements=["key"],
                        set_={
                            "ts": ts,
                            "revision": case((known < given, given), else_=known),
                            "recorded_at": now,
                        },
                    )
                )
        known_revision, age = (self._posted.revision, self._posted.age) if self._posted else (0, 0)
        self._posted = Posted(ts, max(known_revision, revision), age)

    def _values(self, connection: AsyncConnection) -> dict[str, object]:
        return {
            "key": self._key,
            "workspace": self._thread.workspace,
            "channel": self._thread.channel,
            "thread": self._thread.thread,
            "revision": 0,
            "announced_at": _now(connection),
        }


@asynccontextmanager
async def _begin(connection: AsyncConnection) -> AsyncIterator[AsyncConnection]:
    """A transaction on the connection that holds the lock, and on no other."""
    if connection.invalidated:
        raise StoreError("The connection that held the post was lost; another may have it by now.")
    async with connection.begin():
        yield connection


def _now(connection: AsyncConnection) -> ColumnElement[datetime]:
    """By one clock for all replicas: ages are held against what Slack needs."""
    if connection.dialect.name == "postgresql":
        return func.clock_timestamp(type_=UtcDateTime())
    return literal(datetime.now(UTC), UtcDateTime())


def _page_number(key: str) -> int:
    """What PostgreSQL calls a lock by: 64 bits."""
    digest = hashlib.blake2b(_OURS + key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
