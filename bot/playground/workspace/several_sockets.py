"""Socket Mode of an app that is installed in several workspaces: one connection for all of them.

Each workspace has a connection of its own behind it; an acknowledgement goes back to where its
envelope came from.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from bot.playground.workspace.local import LocalWorkspace

PATH = "/sockets"
CONNECTIONS_OPEN = "apps.connections.open"


class SharedSockets:
    """`app_token` is what the app opens its connections with."""

    def __init__(
        self, workspaces: Sequence[LocalWorkspace], session: aiohttp.ClientSession
    ) -> None:
        self.app_token = f"xapp-local-{secrets.token_hex(12)}"
        self._workspaces = workspaces
        self._session = session
        self._tickets: set[str] = set()

    def opened(self, authorization: str, host: str) -> Mapping[str, Any]:
        """What apps.connections.open answers."""
        if not secrets.compare_digest(authorization, f"Bearer {self.app_token}"):
            return {"ok": False, "error": "invalid_auth"}
        ticket = secrets.token_urlsafe(12)
        self._tickets.add(ticket)
        return {"ok": True, "url": f"ws://{host}{PATH}?ticket={ticket}"}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            raise web.HTTPForbidden(text="the ticket is unknown or used: open a new connection")
        self._tickets.discard(ticket)
        app = web.WebSocketResponse(heartbeat=30.0)
        await app.prepare(request)
        behind = [await self._connected(one) for one in self._workspaces]
        came_from: dict[str, aiohttp.ClientWebSocketResponse] = {}
        pumps = [
            asyncio.create_task(_pump(one, app, came_from, greets=not number))
            for number, one in enumerate(behind)
        ]
        try:
            async for frame in app:
                if frame.type is WSMsgType.TEXT:
                    envelope = json.loads(frame.data).get("envelope_id")
                    if (source := came_from.pop(str(envelope), None)) is not None:
                        await source.send_str(frame.data)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for one in behind:
                await one.close()
        return app

    async def _connected(self, ws: LocalWorkspace) -> aiohttp.ClientWebSocketResponse:
        headers = {"Authorization": f"Bearer {ws.app_token}"}
        async with self._session.post(f"{ws.base_url}{CONNECTIONS_OPEN}", headers=headers) as reply:
            url = str((await reply.json())["url"])
        return await self._session.ws_connect(url)


async def _pump(
    source: aiohttp.ClientWebSocketResponse,
    app: web.WebSocketResponse,
    came_from: dict[str, aiohttp.ClientWebSocketResponse],
    *,
    greets: bool,
) -> None:
    """One of them alone `greets` the app."""
    async for frame in source:
        if frame.type is not WSMsgType.TEXT:
            continue
        said = json.loads(frame.data)
        if said.get("type") == "hello" and not greets:
            continue
        if envelope := said.get("envelope_id"):
            came_from[str(envelope)] = source
        await app.send_str(frame.data)
