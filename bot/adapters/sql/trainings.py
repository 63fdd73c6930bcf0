"""Trainings in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from bot.adapters.sql.audit import add_entry
from bot.adapters.sql.codec import FORMAT, decode, encode
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.statements import insert_into
from bot.adapters.sql.training_tables import TrainingRow as Row
from bot.domain.audit import AuditEntry
from bot.domain.finetuning import Training


class SqlTrainings:
    """The port `Trainings`; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine)

    async def add(self, training: Training, entry: AuditEntry) -> None:
        row = insert_into(self._engine, Row).values(id=training.id, **_values(training))
        with store_errors("Keeping a training"):
            async with writing(self._engine) as connection:
                await connection.execute(row.on_conflict_do_nothing(index_elements=["id"]))
                await add_entry(connection, entry)

    async def save(self, training: Training) -> None:
        changed = update(Row).where(Row.id == training.id).values(**_values(training))
        with store_errors("Keeping how a training stands"):
            async with writing(self._engine) as connection:
                await connection.execute(changed)

    async def find(self, training_id: str) -> Training | None:
        with store_errors("Looking for a training"):
            async with self._sessions() as session:
                row = await session.get(Row, training_id)
        return _training(row) if row is not None else None

    async def all(self) -> Sequence[Training]:
        newest = select(Row).order_by(Row.started_at.desc(), Row.id.desc())
        with store_errors("Listing trainings"):
            async with self._sessions() as session:
                return [_training(row) for row in await session.scalars(newest)]


def _values(training: Training) -> dict[str, Any]:
    return {
        "state": training.state.value,
        "started_at": training.started_at,
        "started_by": training.started_by,
        # The column says who: a person who is erased is to be in no second place.
        "body": encode(replace(training, started_by="")).decode(),
        "format": FORMAT,
    }


def _training(row: Row) -> Training:
    training = decode(Training, row.body, row.format, f"Training {row.id}")
    return replace(training, started_by=row.started_by)
