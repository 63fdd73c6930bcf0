"""Stores of conversations with an engine of their own, as a process opens them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.migrate import make_ready
from bot.adapters.sql.rows import Redact
from bot.adapters.sql.store import SqlConversationStore


@asynccontextmanager
async def opened(
    url: str, *, redact: Redact = str, prepare: bool = True
) -> AsyncIterator[SqlConversationStore]:
    """The store at `url`, made ready unless `prepare` is false."""
    engine = create_engine(url)
    try:
        if prepare:
            await make_ready(engine)
        yield SqlConversationStore(engine, redact=redact)
    finally:
        await engine.dispose()
