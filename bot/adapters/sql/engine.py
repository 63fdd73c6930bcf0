"""Engines for the databases that the bot can live in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.domain.errors import StoreError

_BUSY_MILLISECONDS = 15_000
_BETWEEN_TRIES = 0.01  # seconds


def create_engine(url: str) -> AsyncEngine:
    """An engine for `url` (sqlite+aiosqlite or postgresql+psycopg), bound to one event loop.

    The folder of a SQLite file is made where it does not exist. Connects to nothing yet.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        _make_folder(parsed.database)
    try:
        # Parameters hold what people wrote; errors must not carry it into logs.
        engine = create_async_engine(url, hide_parameters=True, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise StoreError(
            f"The database driver {error.name} is not installed. Install it beside the bot "
            f"(pip install {error.name}), or leave database.url out for a SQLite file."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    return engine


@contextmanager
def store_errors(doing: str) -> Iterator[None]:
    """Errors of the database leave as `StoreError` saying what was being done."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(f"{doing} failed: {type(cause).__name__}: {cause}") from error


def _make_folder(database: str | None) -> None:
    if not database or database == ":memory:":
        return
    folder = Path(database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def _set_up_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    # Readers do not wait for the writer; FULL keeps what was committed when the power fails.
    _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:
    """The switch needs the new file for itself and, unlike all else, does not wait its turn."""
    until = monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
        sleep(_BETWEEN_TRIES)
