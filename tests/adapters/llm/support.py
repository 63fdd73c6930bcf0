"""Explainers against the model server of the tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.adapters.llm.config import ModelConfig, Prices
from bot.adapters.llm.explainer import OpenAIExplainer
from bot.adapters.llm.ledger import SpendLedger
from bot.domain.answers import Explanation
from bot.services.no_meter import NoMeter
from bot.services.ports import Meter
from tests.fakes.ledger import FakeLedger
from tests.fakes.model_server import API_KEY, MODEL, ModelServer

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
PRICES = Prices(tokens_in=1.0, tokens_out=4.0)
Ask = Callable[..., Awaitable[Explanation]]


def explainer_for(
    server: ModelServer,
    ledger: SpendLedger | None = None,
    redact: Callable[[str], str] = str,
    meter: Meter | None = None,
    **changes: Any,
) -> OpenAIExplainer:
    config = ModelConfig(base_url=server.base_url, model=MODEL, api_key=API_KEY, max_retries=0)
    return OpenAIExplainer(
        replace(config, **changes),
        ledger=ledger or FakeLedger(),
        redact=redact,
        now=lambda: NOW,
        meter=meter or NoMeter(),
    )
