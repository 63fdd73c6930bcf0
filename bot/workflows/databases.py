"""The database as DBOS reaches it: synchronous connections, and its own tables in it."""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

from dbos import DBOS, DBOSClient
from dbos._migration import get_migration_versions, get_sqlite_migration_versions
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.domain.errors import StoreError
from bot.services.unreachable import unreachable
from bot.workflows.serializer import TypedJson

APPLICATION = "airflow-support-bot"
# Kept the same over releases, else work in flight at an update is left lying. To be changed only
# where steps change so that work begun before cannot be gone on with.
VERSION = "1"
SQLITE_EXECUTOR = "local"
SCHEMA = "dbos"  # on PostgreSQL; in a SQLite file the tables stand beside the bot's

_BUSY_MILLISECONDS = 30_000
_IDLE_IN_TRANSACTION = 60_000  # milliseconds
SQLITE_NOW = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"
"""Milliseconds since 1970, the same throughout a statement."""
POSTGRES_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""The same for PostgreSQL, as it goes on."""
# Of the work that work itself starts DBOS notes the arrival, here in whole seconds, and what came
# in the same one would go by its keys. Ours never stands before the time of its statement.
_WHOLE_SECOND = f"new.created_at % 1000 = 0 AND new.created_at < {SQLITE_NOW}"
_CORRECTED = f"SET created_at = {SQLITE_NOW} WHERE workflow_uuid = new.workflow_uuid"
_ARRIVAL = (
    "CREATE TRIGGER IF NOT EXISTS work_arrives AFTER INSERT ON workflow_status "
    f"WHEN {_WHOLE_SECOND} BEGIN UPDATE workflow_status {_CORRECTED}; END"
)
# A database machine that vanished is noticed within half a minute.
KEEPALIVES = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def sync_url(url: str) -> URL:
    """`url` (sqlite+aiosqlite or postgresql+psycopg) with the driver that blocks."""
    driver = "sqlite" if is_sqlite(url) else "postgresql+psycopg"
    return make_url(url).set(drivername=driver)


def open_engine(url: str, *, connections: int) -> Engine:
    """Connects to nothing yet. At most `connections` at once, twice as many in a rush."""
    arguments = {} if is_sqlite(url) else KEEPALIVES
    engine = create_engine(
        sync_url(url),
        pool_size=connections,
        max_overflow=connections,
        pool_pre_ping=True,
        hide_parameters=True,  # they hold what people wrote, and errors go into logs
        connect_args=arguments,
    )
    event.listen(engine, "connect", _set_up_sqlite if is_sqlite(url) else _set_up_postgres)
    return engine


def client_of(engine: Engine, serializer: TypedJson) -> DBOSClient:
    """Fails instead of waiting for a database that is down: an acknowledgement hangs on it."""
    return DBOSClient(
        system_database_engine=engine,
        serializer=serializer,
        application_name=APPLICATION,
        lazy=True,
        retry_connection_errors=False,
    )


def require_known(url: str) -> None:
    """Raises `StoreError` where the tables of DBOS are newer than the one used here, or the
    database cannot be connected to. Tables that are older, or not there yet, are no harm."""
    engine = open_engine(url, connections=1)
    try:
        found, known = _versions(engine)
    finally:
        engine.dispose()
    if found > known:
        raise _newer(found, known)


def migrate_engine(url: str) -> None:
    """Makes or updates the tables of DBOS. Safe where several processes do it at once.

    Raises `StoreError`, also for tables that a newer one made: these are left as they are.
    """
    require_known(url)
    try:
        if not is_sqlite(url):
            DBOS.migrate(sync_url(url).render_as_string(hide_password=False))
            return
        _require_clock()
        engine = open_engine(url, connections=1)
        with engine.connect():  # opened once as everybody opens it, for its kind of journal
            DBOS.migrate(sync_url(url).render_as_string(hide_password=False))
        with engine.begin() as connection:
            connection.execute(text(_ARRIVAL))
        engine.dispose()
    except SQLAlchemyError as error:
        raise store_error("Preparing the database for durable work", error) from error


def verify_engine(engine: Engine) -> None:
    """Raises `StoreError` where the tables for durable work are not those of the DBOS used here,
    or the database cannot be connected to."""
    found, known = _versions(engine)
    if found == 0:
        raise StoreError("The database has no tables for durable work. Run airflow-bot migrate.")
    if found < known:
        raise StoreError(f"{_compared(found, known)} Run airflow-bot migrate.")
    if found > known:
        raise _newer(found, known)


def store_error(doing: str, error: SQLAlchemyError) -> StoreError:
    """Says what was being done and what the database said, without the statement."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return StoreError(f"{doing} failed: {type(cause).__name__}: {cause}".splitlines()[0])


def _versions(engine: Engine) -> tuple[int, int]:
    """Of the tables of DBOS: which is there, and which is known here."""
    try:
        # Private, see the contract test.
        if engine.dialect.name == "sqlite":
            return get_sqlite_migration_versions(engine)
        return get_migration_versions(engine, SCHEMA, use_listen_notify=False)
    except DBAPIError as error:
        if error.statement is not None:
            raise store_error("Looking at the tables for durable work", error) from error
        where = engine.url.render_as_string(hide_password=True)
        raise StoreError(str(unreachable(where, str(error.orig)))) from error


def _newer(found: int, known: int) -> StoreError:
    remedy = "Use the version of the bot that last migrated the database."
    return StoreError(f"{_compared(found, known)} {remedy}")


def _compared(found: int, known: int) -> str:
    return f"The tables for durable work have version {found}, this bot needs {known}."


def _require_clock() -> None:
    """From Python 3.12 on DBOS asks SQLite for fractions of a second, and got nothing of old."""
    if sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < (3, 42):
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old for this Python. Use Python 3.11, or "
            "a system with SQLite 3.42 or newer, or PostgreSQL."
        )


def _set_up_sqlite(connection: Any, _: object) -> None:
    # Transactions that write take their turn at once, else they fail when they come to write.
    connection.isolation_level = "IMMEDIATE"
    cursor: sqlite3.Cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _set_up_postgres(connection: Any, _: object) -> None:
    # A process that froze within a transaction must not keep its locks for ever.
    connection.execute(f"SET idle_in_transaction_session_timeout = {_IDLE_IN_TRANSACTION}")
    connection.commit()
