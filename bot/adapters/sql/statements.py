"""Statements that several tables need, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import InstrumentedAttribute

from bot.adapters.sql.columns import storable
from bot.adapters.sql.engine import writing
from bot.domain.questions import ThreadKey

_AT_A_TIME = 1_000


def insert_into(
    on: Connection | AsyncConnection | AsyncEngine, table: type[Any]
) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, as both databases do."""
    return postgresql.insert(table) if on.dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(
    connection: Connection, key: InstrumentedAttribute[str], rows: Sequence[Mapping[str, Any]]
) -> set[str]:
    """Inserts those of `rows` whose `key` is new into its table; returns the keys of these.

    All rows have the same columns: texts, numbers, booleans, datetimes in UTC. What a statement
    costs, it costs once for all of them.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    statement = _insert_new(key, tuple(rows[0]), is_sqlite=is_sqlite)
    in_json = _for_sqlite if is_sqlite else _for_postgres
    values = [{name: in_json(value) for name, value in row.items()} for row in rows]
    inserted = connection.exec_driver_sql(statement, (msgspec.json.encode(values).decode(),))
    return set(inserted.scalars())


@lru_cache
def _insert_new(
    key: InstrumentedAttribute[str], columns: tuple[str, ...], *, is_sqlite: bool
) -> str:
    table, names = key.class_.__tablename__, ", ".join(columns)
    if is_sqlite:
        values = ", ".join(f"value ->> '{name}'" for name in columns)
        # Without WHERE, SQLite would take ON for that of a join.
        rows = f"{values} FROM json_each(?) WHERE true"
    else:
        rows = f"{names} FROM json_populate_recordset(NULL::{table}, %s::json)"
    return f"INSERT INTO {table} ({names}) SELECT {rows} ON CONFLICT DO NOTHING RETURNING {key.key}"


def _for_postgres(value: object) -> object:
    return storable(value) if isinstance(value, str) else value


def _for_sqlite(value: object) -> object:
    if isinstance(value, datetime):
        # The form in which SQLAlchemy keeps and reads it.
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return _for_postgres(value)


def is_thread(table: type[Any], thread: ThreadKey) -> tuple[ColumnElement[bool], ...]:
    """Conditions that a row of `table` belongs to that thread."""
    return (
        table.workspace == thread.workspace,
        table.channel == thread.channel,
        table.thread == thread.thread,
    )


async def delete_before(
    engine: AsyncEngine,
    key: InstrumentedAttribute[str],
    at: InstrumentedAttribute[datetime],
    before: datetime,
    *conditions: ColumnElement[bool],
) -> int:
    """Deletes rows of `key`'s table older than `before` that meet the `conditions`, in portions:
    nobody waits for long."""
    portion = select(key).where(at < before, *conditions).order_by(at).limit(_AT_A_TIME)
    statement = delete(key.class_).where(key.in_(portion.scalar_subquery()))
    deleted = 0
    while True:
        async with writing(engine) as connection:
            count = (await connection.execute(statement)).rowcount
        deleted += count
        if count < _AT_A_TIME:
            return deleted
