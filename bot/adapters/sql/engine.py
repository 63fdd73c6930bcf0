"""Engines for the databases that the bot can live in."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy
from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.domain.errors import StoreError

APPLICATION = "airflow-bot"
_CONNECTIONS = 10  # to a PostgreSQL, of one engine
_WAIT_SECONDS = 10  # for a free one of these
BUSY_MILLISECONDS = 15_000
_BETWEEN_TRIES = 0.01  # seconds
_BETWEEN_LOOKS = 0.002

# Of each engine to a SQLite file, held by whoever writes.
_turns: WeakKeyDictionary[AsyncEngine, asyncio.Lock] = WeakKeyDictionary()

# A host that takes no connection within a few seconds is down: Slack waits for three.
_CONNECT_SECONDS = 5
# Both sides notice within half a minute that the other's machine has vanished. Without that the
# server would keep the locks of a dead replica for hours.
_KEEPALIVE = {"idle": 10, "interval": 5, "count": 3}
_TO_POSTGRES = {
    "connect_timeout": _CONNECT_SECONDS,
    "tcp_user_timeout": 25_000,
    **{f"keepalives_{name}": seconds for name, seconds in _KEEPALIVE.items()},
}
# Set once connected, not as start-up options: a pooler in between refuses those it does not know.
_OF_SESSION = {
    "application_name": APPLICATION,
    **{f"tcp_keepalives_{name}": str(seconds) for name, seconds in _KEEPALIVE.items()},
    # None of our statements takes a fraction of that; migrations lift it.
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}


def create_engine(url: str, *, connections: int = _CONNECTIONS) -> AsyncEngine:
    """An engine for `url` (sqlite+aiosqlite or postgresql+psycopg), bound to one event loop.

    The folder of a SQLite file is made where it does not exist. Connects to nothing yet. At most
    `connections` are open to a PostgreSQL at a time.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        _make_folder(parsed.database)
    options, set_up = _options_of(parsed, connections)
    try:
        engine = create_async_engine(url, **options)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"The database driver {error.name} is not installed. Install it beside the bot "
            f"(pip install {error.name}), or leave database.url out for a SQLite file."
        ) from error
    event.listen(engine.sync_engine, "connect", set_up)
    return engine


def create_engine_of_one_thread(url: URL) -> Engine:
    """An engine with one connection to the database of `url`, for use in a single thread.

    Whoever uses it tries again where the connection turns out to be broken.
    """
    options, set_up = _options_of(url, connections=1)
    options["pool_pre_ping"] = False
    if url.get_backend_name() == "sqlite":
        url = url.set(drivername="sqlite")
        options |= {"pool_size": 1, "max_overflow": 0}
    engine = sqlalchemy.create_engine(url, **options)
    event.listen(engine, "connect", set_up)
    return engine


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction to write in, committed at the end.

    Writers to a SQLite file take turns. SQLite itself lets them sleep for up to 100 ms between
    two looks at whether the file is free, so that under load some wait for a second and more.
    Hence those of one engine queue up here, and the first of them looks every few milliseconds.
    """
    if engine.dialect.name != "sqlite":
        async with engine.begin() as connection:
            yield connection
        return
    async with turn_of(engine), engine.begin() as connection:
        await _begin_writing(connection)
        yield connection


def turn_of(engine: AsyncEngine) -> asyncio.Lock:
    """Held by whoever writes into the SQLite file of `engine`."""
    return _turns.setdefault(engine, asyncio.Lock())


@contextmanager
def store_errors(doing: str) -> Iterator[None]:
    """Errors of the database leave as `StoreError` saying what was being done."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(f"{doing} failed: {type(cause).__name__}: {cause}") from error


async def _begin_writing(connection: AsyncConnection) -> None:
    until = monotonic() + BUSY_MILLISECONDS / 1000
    await connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                if not is_busy(error.orig) or monotonic() > until:
                    raise
            await asyncio.sleep(_BETWEEN_LOOKS)
    finally:
        await connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")


def is_busy(error: BaseException | None) -> bool:
    # The lower byte is the kind of error, the rest says more about it.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _options_of(url: URL, connections: int) -> tuple[dict[str, Any], Callable[[Any, object], None]]:
    """What engines are made with, and what is done to each new connection."""
    # Parameters hold what people wrote; errors must not carry it into logs.
    options: dict[str, Any] = {"hide_parameters": True, "pool_pre_ping": True}
    if url.get_backend_name() == "sqlite":
        return options, set_up_sqlite
    options |= {"pool_size": connections, "max_overflow": 0, "pool_timeout": _WAIT_SECONDS}
    options["connect_args"] = _TO_POSTGRES
    return options, _set_up_postgres


def _make_folder(database: str | None) -> None:
    if not database or database == ":memory:":
        return
    folder = Path(database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def _set_up_postgres(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    calls = ", ".join(["set_config(%s, %s, false)"] * len(_OF_SESSION))
    cursor.execute(f"SELECT {calls}", [part for pair in _OF_SESSION.items() for part in pair])
    cursor.close()
    connection.commit()


def set_up_sqlite(connection: Any, _: object) -> None:
    # A transaction that writes takes its lock at its beginning: having read, it could not get it
    # any more once another had written in between.
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    # Readers do not wait for the writer; FULL keeps what was committed when the power fails.
    _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:
    """The switch needs the new file for itself and, unlike all else, does not wait its turn."""
    until = monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or monotonic() > until:
                raise
        sleep(_BETWEEN_TRIES)
