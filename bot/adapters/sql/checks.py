"""What `airflow-bot doctor` asks of the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import store_errors
from bot.adapters.sql.migrate import SchemaStatus, current_state, explain
from bot.adapters.sql.reach import NotReached, reaching
from bot.domain.checks import Check, CheckStatus
from bot.domain.errors import StoreError

PART = "database"

_WRITE = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "CREATE TEMPORARY TABLE writable (one INTEGER) ON COMMIT DROP",
}

_OLDEST = 14  # the oldest that PostgreSQL's makers still mend
_UPGRADE = f"Upgrade the server to PostgreSQL {_OLDEST} or later."
_NO_SHARING = (
    "Let database.url lead to PostgreSQL itself, or to a pooler that keeps sessions "
    "(PgBouncer: pool_mode = session)."
)
_RESTORE = "Stop the bot and restore the file from a backup."


async def check_database(engine: AsyncEngine) -> list[Check]:
    """Reachable and writable, at the right schema, whole. Changes nothing."""
    on_postgres = engine.dialect.name == "postgresql"
    writable = await check_writable(engine)
    if writable.status is CheckStatus.FAILED:
        reason = "not looked at: the database cannot be used"
        others = ("schema", "version", "sessions") if on_postgres else ("schema", "integrity")
        return [writable, *(_skipped(name, reason) for name in others)]
    checks = [writable, await _schema(engine)]
    if on_postgres:
        checks.append(await _checked("version", lambda: _version(engine), _UPGRADE))
        checks.append(await _checked("sessions", lambda: _sessions(engine), _NO_SHARING))
    else:
        checks.append(await _checked("integrity", lambda: _intact(engine), _RESTORE))
    return checks


async def check_writable(engine: AsyncEngine) -> Check:
    """Whether a write would be taken now. Cheap enough to be asked every few seconds."""
    return await _checked("writable", lambda: _writable(engine), _writable_remedy(engine))


async def _checked(name: str, check: Callable[[], Awaitable[str]], remedy: str) -> Check:
    try:
        return Check(PART, name, CheckStatus.OK, await check())
    except NotReached as error:
        return Check(PART, name, CheckStatus.FAILED, error.why.problem, error.why.remedy)
    except StoreError as error:
        return Check(PART, name, CheckStatus.FAILED, str(error), remedy)


async def _writable(engine: AsyncEngine) -> str:
    """Takes the lock for writing and gives it back."""
    with reaching(engine, "Writing to the database"):
        async with engine.connect() as connection:
            await connection.exec_driver_sql(_WRITE[engine.dialect.name])
            await connection.rollback()
    return _address(engine)


async def _schema(engine: AsyncEngine) -> Check:
    try:
        state = await current_state(engine)
    except StoreError as error:
        return Check(PART, "schema", CheckStatus.FAILED, str(error))
    if state.status is SchemaStatus.CURRENT:
        return Check(PART, "schema", CheckStatus.OK, f"revision {state.head}")
    message, _, remedy = explain(state).partition(". ")
    if engine.dialect.name == "sqlite" and state.status is not SchemaStatus.NEWER:
        remedy = "Nothing to do: the bot brings its own file up to date when it starts."
        return Check(PART, "schema", CheckStatus.WARNING, message, remedy)
    return Check(PART, "schema", CheckStatus.FAILED, message, remedy)


async def _version(engine: AsyncEngine) -> str:
    with store_errors("Asking for the version"):
        async with engine.connect() as connection:
            number = await connection.scalar(text("SELECT current_setting('server_version_num')"))
    major, minor = divmod(int(number or 0), 10_000)
    if major < _OLDEST:
        raise StoreError(f"The server is PostgreSQL {major}, which is too old.")
    return f"PostgreSQL {major}.{minor}"


async def _sessions(engine: AsyncEngine) -> str:
    """Whether a connection keeps its session: locks on dead replicas and open posts rest on it.

    A pooler that gives sessions out for one transaction each has to show it when another client
    stays in a transaction meanwhile.
    """
    session = text("SELECT pg_backend_pid()")
    with store_errors("Asking for the session"):
        async with engine.connect() as one, engine.connect() as other:
            before = await one.scalar(session)
            await one.rollback()
            meanwhile = await other.scalar(session)
            after = await one.scalar(session)
    if before != after or before == meanwhile:
        raise StoreError("A pooler in between lets connections share the server's sessions.")
    return "kept by each connection"


async def _intact(engine: AsyncEngine) -> str:
    with store_errors("Checking the file"):
        async with engine.connect() as connection:
            found = (await connection.exec_driver_sql("PRAGMA quick_check(1)")).scalar_one()
            orphans = await connection.exec_driver_sql("PRAGMA foreign_key_check")
            orphan: Row[*tuple[Any, ...]] | None = orphans.first()
            mode = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar_one()
    if found != "ok":
        raise StoreError(f"The file is damaged: {found}")
    if orphan is not None:
        table, _, parent, _ = orphan
        raise StoreError(f"Rows of {table} refer to rows of {parent} that are gone.")
    return f"whole, journal mode {mode}"


def _skipped(name: str, reason: str) -> Check:
    return Check(PART, name, CheckStatus.SKIPPED, reason)


def _writable_remedy(engine: AsyncEngine) -> str:
    if engine.dialect.name == "sqlite":
        return f"Let the bot write to {engine.url.database} and its folder, and see to free space."
    return "Start the database, and correct database.url and its password."


def _address(engine: AsyncEngine) -> str:
    return engine.url.render_as_string(hide_password=True)
