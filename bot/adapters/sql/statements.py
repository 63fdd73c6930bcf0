"""Statements that several tables need, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import InstrumentedAttribute

from bot.adapters.sql.engine import writing
from bot.domain.questions import ThreadKey

_AT_A_TIME = 1_000


def insert_into(
    on: Connection | AsyncConnection | AsyncEngine, table: type[Any]
) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, as both databases do."""
    return postgresql.insert(table) if on.dialect.name == "postgresql" else sqlite.insert(table)


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
) -> int:
    """Deletes rows of `key`'s table older than `before`, in portions: nobody waits for long."""
    portion = select(key).where(at < before).order_by(at).limit(_AT_A_TIME)
    statement = delete(key.class_).where(key.in_(portion.scalar_subquery()))
    deleted = 0
    while True:
        async with writing(engine) as connection:
            count = (await connection.execute(statement)).rowcount
        deleted += count
        if count < _AT_A_TIME:
            return deleted
