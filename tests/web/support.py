"""What the tests of the HTTP side share."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from bot.domain.checks import Check, CheckStatus


class Ready:
    """Says what a test wants it to say."""

    def __init__(self) -> None:
        self.checks: list[Check] = [Check("database", "reachable", CheckStatus.OK)]

    async def __call__(self) -> Sequence[Check]:
        return self.checks


@asynccontextmanager
async def serving(web: FastAPI) -> AsyncIterator[str]:
    """The application on a free loopback port."""
    listening = socket.create_server(("127.0.0.1", 0))
    settings = uvicorn.Config(web, log_level="warning", lifespan="off")
    server = uvicorn.Server(settings)
    # The socket listens already: what comes before the server is up waits for it.
    running = asyncio.create_task(server.serve([listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
