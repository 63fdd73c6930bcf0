"""What a model may cost: by the question and by the day, whatever comes of the calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest

from bot.adapters.llm.config import ModelConfig
from bot.adapters.llm.ledger import DayBudget, SpendLedger
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.spend import SqlSpendLedger
from bot.domain.answers import ModelOutcome
from bot.domain.errors import ConfigError, StoreError
from bot.services.no_meter import NoMeter
from tests.adapters.llm.support import NOW, PRICES, Ask, explainer_for
from tests.answering.cases import EVIDENCE, QUESTION, diagnosed
from tests.fakes import model_server as fake
from tests.fakes.ledger import FakeLedger
from tests.fakes.model_server import ModelServer


class ModelMeter(NoMeter):
    """Keeps what it hears of the model."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int, float | None]] = []

    def model_call(self, outcome: str, tokens_in: int, tokens_out: int, cost: float | None) -> None:
        self.calls.append((outcome, tokens_in, tokens_out, cost))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SpendLedger]:
    """The books of all replicas, as one of them reaches them."""
    engine = create_engine(url)
    yield SqlSpendLedger(engine)
    await engine.dispose()


async def test_no_useful_prompt_under_the_cap_for_one_question_is_over_budget(
    ask: Ask, server: ModelServer
) -> None:
    explained = await ask(prices=PRICES, max_cost_per_question=0.005)
    assert explained.outcome is ModelOutcome.OVER_BUDGET
    assert server.requests == []


async def test_the_cap_for_the_day_holds_over_a_restart(
    server: ModelServer, sqlite_url: str
) -> None:
    caps = {"prices": PRICES, "max_cost_per_day": 0.012}
    outcomes = []
    for _ in range(6):
        async with opened(sqlite_url) as ledger:
            explainer = explainer_for(server, ledger=ledger, **caps)
            explained = await explainer.explain(QUESTION, diagnosed(), EVIDENCE)
            await explainer.close()
        outcomes.append(explained.outcome)
    assert outcomes[0] is ModelOutcome.USED
    assert outcomes[-1] is ModelOutcome.OVER_BUDGET
    async with opened(sqlite_url) as ledger:
        assert await ledger.spent(NOW.date()) <= 0.012
        assert await ledger.spent(date(2026, 11, 23)) == 0.0


async def test_questions_that_come_together_cannot_break_the_cap_together(
    server: ModelServer,
) -> None:
    server.behaviour = fake.after(0.05)
    ledger = FakeLedger()
    explainer = explainer_for(server, ledger=ledger, prices=PRICES, max_cost_per_day=0.012)
    explained = await asyncio.gather(
        *(explainer.explain(QUESTION, diagnosed(), EVIDENCE) for _ in range(10))
    )
    await explainer.close()
    assert {one.outcome for one in explained} == {ModelOutcome.USED, ModelOutcome.OVER_BUDGET}
    assert await ledger.spent(NOW.date()) <= 0.012


async def test_a_call_given_up_on_counts_at_what_it_may_be_billed(
    ask: Ask, server: ModelServer
) -> None:
    server.behaviour = fake.hang
    ledger = FakeLedger()
    await ask(ledger=ledger, seconds=0.2, prices=PRICES, max_cost_per_day=1.0)
    assert await ledger.spent(NOW.date()) > 0


async def test_replicas_with_one_ledger_keep_one_cap(server: ModelServer, sqlite_url: str) -> None:
    server.behaviour = fake.after(0.05)
    caps = {"prices": PRICES, "max_cost_per_day": 0.012}
    async with opened(sqlite_url) as one, opened(sqlite_url) as other:
        explainers = [explainer_for(server, ledger=ledger, **caps) for ledger in (one, other)]
        explained = await asyncio.gather(
            *(each.explain(QUESTION, diagnosed(), EVIDENCE) for each in explainers for _ in "12345")
        )
        for explainer in explainers:
            await explainer.close()
        assert 0 < await one.spent(NOW.date()) <= 0.012
    assert {each.outcome for each in explained} == {ModelOutcome.USED, ModelOutcome.OVER_BUDGET}


async def test_a_process_that_dies_in_a_call_leaves_its_ceiling_in_the_books() -> None:
    ledger = FakeLedger()
    assert not (await DayBudget(1.0, ledger, lambda: NOW).reserve(0.7)).refusal
    again = DayBudget(1.0, ledger, lambda: NOW)
    assert "cap for today" in (await again.reserve(0.7)).refusal
    reserved = await again.reserve(0.2)
    await again.settle(reserved, 0.05)
    assert await again.spent() == pytest.approx(0.75)


async def test_what_was_set_aside_before_midnight_is_settled_on_its_day() -> None:
    times = iter([datetime(2026, 11, 22, 23, 59, tzinfo=UTC)])
    ledger = FakeLedger()
    budget = DayBudget(1.0, ledger, lambda: next(times))
    await budget.settle(await budget.reserve(0.5), 0.1)
    assert await ledger.spent(date(2026, 11, 22)) == pytest.approx(0.1)


async def test_every_call_is_counted_whatever_came_of_it(server: ModelServer) -> None:
    meter = ModelMeter()
    explainer = explainer_for(server, meter=meter, prices=PRICES)
    await explainer.explain(QUESTION, diagnosed(), EVIDENCE)
    server.behaviour = fake.status(500)
    await explainer.explain(QUESTION, diagnosed(), EVIDENCE)
    await explainer.close()
    assert meter.calls == [("used", 1000, 200, pytest.approx(0.0018)), ("failed", 0, 0, 0.0)]


async def test_an_unreadable_ledger_lets_nothing_through(ask: Ask, server: ModelServer) -> None:
    ledger = FakeLedger(fails=StoreError("The database is away."))
    explained = await ask(ledger=ledger, prices=PRICES, max_cost_per_day=1.0)
    assert explained.outcome is ModelOutcome.OVER_BUDGET
    assert server.requests == []


def test_a_cap_without_prices_is_refused_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match="set the prices"):
        ModelConfig(base_url="http://x", model="m", max_cost_per_day=1.0)
