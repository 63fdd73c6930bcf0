"""The state of the database's schema, and the way to bring it up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import SchemaItem

import bot.adapters.sql.access_tables
import bot.adapters.sql.alert_tables
import bot.adapters.sql.capacity_tables
import bot.adapters.sql.case_tables
import bot.adapters.sql.consent_tables
import bot.adapters.sql.console_tables
import bot.adapters.sql.dataset_tables
import bot.adapters.sql.escalation_tables
import bot.adapters.sql.incident_tables
import bot.adapters.sql.installation_tables
import bot.adapters.sql.preference_tables
import bot.adapters.sql.runbook_draft_tables
import bot.adapters.sql.talk_tables
import bot.adapters.sql.training_tables  # noqa: F401 (their tables are part of the schema)
from bot.adapters.sql.console_tables import WORDS_INDEX
from bot.adapters.sql.engine import create_engine, store_errors
from bot.adapters.sql.reach import reaching
from bot.adapters.sql.tables import Base
from bot.domain.errors import StoreError
from bot.shipped import shipped_migrations

# Not Alembic's usual name: the database may be shared with one that uses Alembic as well.
VERSION_TABLE = "airflow_bot_schema"
_LOCK_NOT_AVAILABLE = "55P03"
_TRIES = 30
_BETWEEN_TRIES = 2.0  # seconds
_LOCK_SECONDS = 4.0
_IN_USE = (
    "The database could not be migrated: other programs hold its tables for minutes. Look for long "
    "transactions (pg_stat_activity), a dump for example, and run airflow-bot migrate again."
)
_LOCK = 7_202_611_408_103_001  # any constant that nothing else locks in a shared PostgreSQL


class SchemaStatus(StrEnum):
    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """`revision` is the database's, `head` the newest that this version knows."""

    status: SchemaStatus
    revision: str | None
    head: str


def migrate(url: str) -> str:
    """Brings the database at `url` up to date and returns its revision; for the command line.

    Raises `StoreError` where it is newer than this version or cannot be reached.
    """
    return asyncio.run(_migrate(url))


async def make_ready(engine: AsyncEngine) -> None:
    """Brings a SQLite file up to date; raises `StoreError` unless the schema fits then.

    Other databases are shared by replicas of several versions while one replaces the other:
    there a person says when, by `airflow-bot migrate`.
    """
    if engine.dialect.name == "sqlite":
        await run_migrations(engine)
    await require_current(engine)


async def current_state(engine: AsyncEngine) -> SchemaState:
    """How the database's schema stands against this version's. Raises `StoreError`, which leads to
    the setting where the database cannot be connected to."""
    with reaching(engine, "Reading the schema's version"):
        async with engine.connect() as connection:
            return await connection.run_sync(_state)


async def require_current(engine: AsyncEngine) -> None:
    """Raises `StoreError` with the remedy unless the schema is this version's."""
    state = await current_state(engine)
    if state.status is not SchemaStatus.CURRENT:
        raise StoreError(explain(state))


async def require_known(engine: AsyncEngine) -> None:
    """Raises `StoreError` with the remedy where the schema is newer than this version's; one that
    is older, or not there yet, can be looked at."""
    state = await current_state(engine)
    if state.status is SchemaStatus.NEWER:
        raise StoreError(explain(state))


def explain(state: SchemaState) -> str:
    """What the state means and what to do about it."""
    match state.status:
        case SchemaStatus.EMPTY:
            return "The database has no tables yet. Run airflow-bot migrate."
        case SchemaStatus.BEHIND:
            return (
                f"The database is at revision {state.revision}, this version needs {state.head}. "
                "Run airflow-bot migrate."
            )
        case SchemaStatus.NEWER:
            return (
                f"The database is at revision {state.revision}, which this version does not know: "
                "a newer version made it. Update the bot, or restore a backup from before."
            )
        case SchemaStatus.CURRENT:
            return f"The database is at revision {state.head}, as it should be."


async def run_migrations(engine: AsyncEngine) -> SchemaState:
    """Brings the schema up to date, all or nothing, alone even where several start at once.

    A newer schema is left as it is. Returns the state afterwards.
    """
    state = await current_state(engine)
    if state.status in (SchemaStatus.CURRENT, SchemaStatus.NEWER):
        return state
    await migrate_by(engine, lambda config: command.upgrade(config, "head"))
    return await current_state(engine)


async def downgrade(engine: AsyncEngine, revision: str) -> SchemaState:
    """Takes the schema back to `revision` ("base" for none), losing what only newer ones hold."""
    await migrate_by(engine, lambda config: command.downgrade(config, revision))
    return await current_state(engine)


async def migrate_by(engine: AsyncEngine, step: Callable[[Config], None]) -> None:
    """Runs an Alembic command in one locked transaction of `engine`.

    A table that others read for long is waited for a few seconds at a time: whoever waits to alter
    it has all others wait who come after, replicas at work among them.
    """
    with store_errors("Migrating the database"):
        for left in reversed(range(_TRIES)):
            async with engine.connect() as connection:
                try:
                    await connection.run_sync(_locked, step)
                    return
                except OperationalError as error:
                    if getattr(error.orig, "sqlstate", "") != _LOCK_NOT_AVAILABLE:
                        raise
                    if not left:
                        raise StoreError(_IN_USE) from error
            await asyncio.sleep(_BETWEEN_TRIES)


async def _migrate(url: str) -> str:
    engine = create_engine(url)
    try:
        state = await run_migrations(engine)
        await require_current(engine)
    finally:
        await engine.dispose()
    return state.head


def is_ours(item: SchemaItem, name: str | None, kind: str, reflected: bool, _: object) -> bool:
    """For Alembic's comparison: other programs' tables in the same database are left alone.

    Among them those of the engine of durable work: in a schema of its own on PostgreSQL, side by
    side with ours in a SQLite file.
    """
    if kind == "index" and reflected and name == WORDS_INDEX:
        return False  # of PostgreSQL alone, and made by hand
    if kind == "table" and reflected:
        return name in Base.metadata.tables and getattr(item, "schema", None) is None
    return True


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration over the shipped revisions and an open connection."""
    config = Config()
    config.set_main_option("script_location", str(shipped_migrations()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _state(connection: Connection) -> SchemaState:
    script = ScriptDirectory.from_config(alembic_config(connection))
    head = script.get_current_head()
    if head is None:
        raise StoreError(f"No migrations found in {shipped_migrations()}. Install the bot again.")
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    revision = context.get_current_revision()
    if revision is None:
        return SchemaState(SchemaStatus.EMPTY, None, head)
    if revision == head:
        return SchemaState(SchemaStatus.CURRENT, revision, head)
    try:
        script.get_revision(revision)
    except CommandError:
        return SchemaState(SchemaStatus.NEWER, revision, head)
    return SchemaState(SchemaStatus.BEHIND, revision, head)


def _locked(connection: Connection, step: Callable[[Config], None]) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # SQLite alters a table by making it anew and dropping the old one, which would delete
        # the rows that refer to it. Outside a transaction only, hence before BEGIN.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        # Copying a large table takes its time, and so does another starter that is at it.
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS:g}s'")
    step(alembic_config(connection))
    if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise StoreError(
            "The migration would leave rows that refer to nothing; nothing was changed."
        )
    connection.commit()
    if sqlite:
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
