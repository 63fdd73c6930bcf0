"""A fresh local workspace for each test, and real Slack clients that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import LocalWorkspace


@pytest.fixture
async def ws() -> AsyncIterator[LocalWorkspace]:
    async with LocalWorkspace.started() as workspace:
        yield workspace


@pytest.fixture
def client(ws: LocalWorkspace) -> AsyncWebClient:
    """The SDK's client as the app would use it."""
    return AsyncWebClient(token=ws.bot_token, base_url=ws.base_url)
