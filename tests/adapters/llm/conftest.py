"""A model server of the test's own, and a way to ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.adapters.llm.explainer import OpenAIExplainer
from bot.domain.answers import Explanation
from tests.adapters.llm.support import Ask, explainer_for
from tests.answering.cases import EVIDENCE, QUESTION, diagnosed
from tests.fakes.model_server import ModelServer


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as running:
        yield running


@pytest.fixture
async def ask(server: ModelServer) -> AsyncIterator[Ask]:
    """Asks about the hand-made failure; keyword arguments change the configuration."""
    opened: list[OpenAIExplainer] = []

    async def explain(**changes: Any) -> Explanation:
        explainer = explainer_for(server, **changes)
        opened.append(explainer)
        return await explainer.explain(QUESTION, diagnosed(), EVIDENCE)

    yield explain
    for explainer in opened:
        await explainer.close()
