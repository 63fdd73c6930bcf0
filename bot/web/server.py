"""The web application at its address, for as long as a block runs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import uvicorn
from starlette.types import ASGIApp

from bot.domain.errors import BotError

_LEAVING = 2  # seconds for requests under way at the end


@asynccontextmanager
async def served(web: ASGIApp, host: str, port: int) -> AsyncIterator[None]:
    """Raises `BotError` where the address is taken or not of this machine."""
    door = _listening(host, port)
    server = uvicorn.Server(
        uvicorn.Config(
            web,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_LEAVING,
        )
    )
    # Signals are ours: uvicorn would end before the questions under way are answered.
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    listening = asyncio.create_task(server.serve(sockets=[door]))
    try:
        while not server.started:
            if listening.done():
                await listening
            await asyncio.sleep(0.05)
        yield
    finally:
        server.should_exit = True
        await listening


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        raise BotError(
            f"{host}:{port} cannot be listened on ({error.strerror}). "
            "Stop what uses it, or set web.host and web.port to another address."
        ) from error
    return door
