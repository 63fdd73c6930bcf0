"""The console over a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.adapters.sql.engine import create_engine
from tests.web.console.support import Console


@pytest.fixture
async def console(sqlite_url: str) -> AsyncIterator[Console]:
    engine = create_engine(sqlite_url)
    yield Console(engine)
    await engine.dispose()
