"""`/control/feed`: the whole workspace once, then each change as it happens, one JSON a line."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bot.playground.workspace.hub import Hub, Notice
from bot.playground.workspace.snapshot import patches, snapshot
from bot.playground.workspace.sockets import Sockets
from bot.playground.workspace.values import Json

HEARTBEAT = 15.0
"""Seconds between empty lines while nothing happens, so that a dead line is noticed."""


class Feed:
    """Every open page has a queue of what it was not told yet."""

    def __init__(self, hub: Hub, sockets: Sockets) -> None:
        self._hub = hub
        self._sockets = sockets
        self._queues: set[asyncio.Queue[Json | None]] = set()
        hub.listen(self._on_notice)

    def _on_notice(self, notice: Notice) -> None:
        if self._queues:
            for patch in patches(self._hub, notice):
                for queue in self._queues:
                    queue.put_nowait(patch)

    def close(self) -> None:
        """Ends all feeds: the workspace stops."""
        for queue in self._queues:
            queue.put_nowait(None)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        queue.put_nowait(snapshot(self._hub, self._sockets.connections))
        self._queues.add(queue)
        try:
            while (line := await self._next(queue)) is not None:
                await response.write(line)
        except ConnectionResetError:
            pass  # the page was closed; there is nobody left to tell
        finally:
            self._queues.discard(queue)
        return response

    async def _next(self, queue: asyncio.Queue[Json | None]) -> bytes | None:
        try:
            async with asyncio.timeout(HEARTBEAT):
                patch = await queue.get()
        except TimeoutError:
            return b"\n"
        return None if patch is None else json.dumps(patch).encode() + b"\n"
