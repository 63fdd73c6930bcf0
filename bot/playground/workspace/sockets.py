"""Socket Mode: WebSocket connections, envelopes and their acknowledgements."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from typing import Any
from weakref import WeakKeyDictionary

from aiohttp import WSMsgType, web

from bot.playground.workspace.clock import within
from bot.playground.workspace.dispatch import Outcome
from bot.playground.workspace.hub import Connections, Hub
from bot.playground.workspace.values import Json

MOST_CONNECTIONS = 10
GRACE = 10.0
"""Seconds between the announcement of a disconnect and its coming."""


class Sockets:
    """The app's open connections; each envelope goes to one of them."""

    name = "socket"

    def __init__(self, hub: Hub, choice: random.Random) -> None:
        self._hub = hub
        self._choice = choice
        self._open: list[web.WebSocketResponse] = []
        self._wires: WeakKeyDictionary[web.WebSocketResponse, asyncio.Transport] = (
            WeakKeyDictionary()
        )
        self._acks: dict[str, asyncio.Future[Json]] = {}
        self._farewells: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        return len(self._open)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The endpoint behind the address that apps.connections.open gives out."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._hub.socket_tickets:
            raise web.HTTPForbidden(text="the ticket is unknown or used: open a new connection")
        self._hub.socket_tickets.discard(ticket)
        if self.connections >= MOST_CONNECTIONS:
            raise web.HTTPTooManyRequests(text="too many connections")
        socket = web.WebSocketResponse(heartbeat=30.0)
        await socket.prepare(request)
        self._open.append(socket)
        if request.transport is not None:
            self._wires[socket] = request.transport
        self._hub.announce(Connections(self.connections))
        try:
            await socket.send_json(self._hello())
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._take_ack(frame.data)
        finally:
            if socket in self._open:
                self._open.remove(socket)
            self._hub.announce(Connections(self.connections))
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": self.connections,
            "connection_info": {"app_id": self._hub.world.app.id},
            "debug_info": {
                "host": "local-workspace",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
        }

    def _take_ack(self, text: str) -> None:
        try:
            frame: Any = json.loads(text)
        except ValueError:
            return
        if isinstance(frame, dict):
            waiting = self._acks.pop(str(frame.get("envelope_id")), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(frame)

    async def offer(self, kind: str, payload: Json, attempt: int, reason: str) -> Outcome:
        """Sends one envelope to one connection and waits for its acknowledgement."""
        if not self._open:
            return Outcome("connection_failed")
        envelope_id = str(uuid.UUID(int=self._choice.getrandbits(128), version=4))
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        ack: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._acks[envelope_id] = ack
        try:
            await self._choice.choice(self._open).send_json(envelope)
            frame = await within(self._hub.clock, self._hub.limits.ack, ack)
        except ConnectionError:
            return Outcome("connection_failed")
        finally:
            self._acks.pop(envelope_id, None)
        if frame is None:
            return Outcome("timeout")
        return Outcome(ack=frame.get("payload"))

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Tells every connection to be renewed; closes it after the usual grace."""
        leaving, self._open = self._open, []
        for socket in leaving:
            await socket.send_json(
                {
                    "type": "disconnect",
                    "reason": reason,
                    "debug_info": {"host": "local-workspace"},
                }
            )
            task = asyncio.create_task(self._close_later(socket))
            self._farewells.add(task)
            task.add_done_callback(self._farewells.discard)
        self._hub.announce(Connections(self.connections))

    async def _close_later(self, socket: web.WebSocketResponse) -> None:
        await self._hub.clock.sleep(GRACE)
        await socket.close()

    async def cut(self) -> None:
        """Drops every connection without a word, as a broken network does."""
        leaving, self._open = self._open, []
        for socket in leaving:
            transport = self._wires.pop(socket, None)
            if transport is not None:
                transport.abort()
        self._hub.announce(Connections(self.connections))

    async def close(self) -> None:
        for task in tuple(self._farewells):
            task.cancel()
        leaving, self._open = self._open, []
        for socket in leaving:
            await socket.close()
