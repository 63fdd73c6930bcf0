"""What the model has cost, on both databases: one cap however many ask."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.llm.ledger import DayBudget, SpendLedger
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.spend import SqlSpendLedger
from bot.domain.errors import StoreError

DAY = date(2026, 11, 22)


@pytest.fixture
def ledger(engine: AsyncEngine) -> SpendLedger:
    return SqlSpendLedger(engine)


async def test_a_day_that_nobody_spent_on_cost_nothing(ledger: SpendLedger) -> None:
    assert await ledger.spent(DAY) == 0.0


async def test_costs_add_up_by_day_and_may_be_given_back(ledger: SpendLedger) -> None:
    await ledger.add(DAY, 0.5)
    await ledger.add(DAY, 0.25)
    await ledger.add(DAY, -0.125)
    await ledger.add(date(2026, 11, 23), 7.0)
    assert await ledger.spent(DAY) == pytest.approx(0.625)


async def test_nothing_is_set_aside_beyond_the_cap(ledger: SpendLedger) -> None:
    assert await ledger.reserve(DAY, 0.75, 1.0)
    assert not await ledger.reserve(DAY, 0.5, 1.0)
    assert await ledger.reserve(DAY, 0.25, 1.0)
    assert await ledger.spent(DAY) == pytest.approx(1.0)


async def test_replicas_that_ask_at_once_cannot_break_the_cap_together(
    database_url: str,
) -> None:
    engines = [create_engine(database_url) for _ in range(3)]
    ledgers = [SqlSpendLedger(engine) for engine in engines]
    granted = await asyncio.gather(
        *(ledger.reserve(DAY, 0.25, 2.0) for ledger in ledgers for _ in range(8))
    )
    assert granted.count(True) == 8
    assert await ledgers[0].spent(DAY) == pytest.approx(2.0)
    for engine in engines:
        await engine.dispose()


async def test_a_ledger_that_cannot_be_reached_lets_nothing_through() -> None:
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")
    ledger = SqlSpendLedger(engine)
    with pytest.raises(StoreError, match="Setting aside what the model may cost failed"):
        await ledger.reserve(DAY, 0.1, 1.0)
    budget = DayBudget(1.0, ledger, lambda: datetime(2026, 11, 22, tzinfo=UTC))
    assert "cannot be used" in (await budget.reserve(0.1)).refusal
    await engine.dispose()
