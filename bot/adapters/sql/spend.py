"""What the model has cost, in the database: one cap for all replicas."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.engine import store_errors
from bot.adapters.sql.statements import insert_into
from bot.adapters.sql.tables import ModelSpendRow


class SqlSpendLedger:
    """Costs by UTC day. Raises `StoreError`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def spent(self, day: date) -> float:
        with store_errors("Reading what the model has cost"):
            async with self._engine.connect() as connection:
                found = select(ModelSpendRow.cost).where(ModelSpendRow.day == day)
                return float(await connection.scalar(found) or 0.0)

    async def reserve(self, day: date, cost: float, cap: float) -> bool:
        """Adds `cost` unless the day would then have cost more than `cap`."""
        with store_errors("Setting aside what the model may cost"):
            async with self._engine.begin() as connection:
                await self._open(connection, day)
                # One statement looks and adds: the row is locked from the one to the other.
                added = await connection.execute(
                    update(ModelSpendRow)
                    .where(ModelSpendRow.day == day, ModelSpendRow.cost + cost <= cap)
                    .values(cost=ModelSpendRow.cost + cost)
                )
                return added.rowcount == 1

    async def add(self, day: date, cost: float) -> None:
        """Below zero where less was spent than had been set aside."""
        with store_errors("Writing down what the model has cost"):
            async with self._engine.begin() as connection:
                await self._open(connection, day)
                await connection.execute(
                    update(ModelSpendRow)
                    .where(ModelSpendRow.day == day)
                    .values(cost=ModelSpendRow.cost + cost)
                )

    async def _open(self, connection: AsyncConnection, day: date) -> None:
        row = insert_into(connection, ModelSpendRow).values(day=day, cost=0.0)
        await connection.execute(row.on_conflict_do_nothing())
