"""Signed mentions as Slack sends them over HTTP, many at once or at a steady rate, and timed."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.events import envelope
from bot.playground.workspace.signed_http import JSON_TYPE, sign

_PATIENCE = aiohttp.ClientTimeout(total=30.0)


@dataclass(frozen=True, slots=True)
class Signed:
    body: bytes
    headers: dict[str, str]


@dataclass
class Acks:
    """`waits` are seconds from sending to the acknowledgement, of those that were acknowledged."""

    waits: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds; infinite where nothing was acknowledged."""
        if not self.waits:
            return math.inf
        ordered = sorted(self.waits)
        return 1e3 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Mentions:
    """Makes mentions that nobody has made before, signed a moment before they are sent."""

    def __init__(self, ws: LocalWorkspace, texts: Sequence[str]) -> None:
        self._ws = ws
        self._texts = itertools.cycle(texts)
        people, channels = ws.hub.world.people, list(ws.state.channels)
        self._places = itertools.cycle(
            (channel, person.id) for person in people for channel in channels
        )

    def signed(self, count: int) -> list[Signed]:
        return [self._signed(self._event()) for _ in range(count)]

    def _event(self) -> dict[str, object]:
        channel, user = next(self._places)
        text, ts = next(self._texts), self._ws.hub.new_ts()
        called = {"type": "user", "user_id": self._ws.bot_user_id}
        words = {"type": "text", "text": f" {text}"}
        section = {"type": "rich_text_section", "elements": [called, words]}
        return {
            "type": "app_mention",
            "user": user,
            "ts": ts,
            "client_msg_id": self._ws.hub.new_id("msg"),
            "text": f"{self._ws.mention} {text}",
            "team": self._ws.team_id,
            "blocks": [{"type": "rich_text", "block_id": "b1", "elements": [section]}],
            "channel": channel,
            "event_ts": ts,
        }

    def _signed(self, event: dict[str, object]) -> Signed:
        body = json.dumps(envelope(self._ws.hub, event))
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": JSON_TYPE,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._ws.signing_secret, timestamp, body),
        }
        return Signed(body.encode(), headers)


async def flood(url: str, requests: Sequence[Signed], connections: int) -> Acks:
    """Each connection sends its next request as soon as the last one was acknowledged."""
    acks, left = Acks(), iter(requests)
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, timeout=_PATIENCE) as session:

        async def send_all() -> None:
            for request in left:
                await _send(session, url, request, acks)

        began = time.perf_counter()
        await asyncio.gather(*(send_all() for _ in range(connections)))
        acks.seconds = time.perf_counter() - began
    return acks


async def steady(url: str, requests: Sequence[Signed], rate: float) -> Acks:
    """`rate` requests a second, whether or not the earlier ones were acknowledged."""
    acks = Acks()
    async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
        began = time.perf_counter()
        sending = []
        for number, request in enumerate(requests):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            sending.append(asyncio.create_task(_send(session, url, request, acks)))
        await asyncio.gather(*sending)
        acks.seconds = time.perf_counter() - began
    return acks


async def _send(session: aiohttp.ClientSession, url: str, request: Signed, acks: Acks) -> None:
    began = time.perf_counter()
    try:
        async with session.post(url, data=request.body, headers=request.headers) as reply:
            await reply.read()
            taken = reply.status == 200
    except (aiohttp.ClientError, TimeoutError):
        taken = False
    if taken:
        acks.waits.append(time.perf_counter() - began)
    else:
        acks.refused += 1
