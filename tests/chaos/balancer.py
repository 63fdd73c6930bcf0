"""One address in front of several processes, as a load balancer gives it to Slack."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from tests.chaos.fleet import Fleet

_PASSED_ON = ("Content-Type", "X-Slack-", "User-Agent", "Authorization")
_LARGEST = 2_000_000


@asynccontextmanager
async def balancer(fleet: Fleet, chance: random.Random) -> AsyncIterator[str]:
    """Its address while the block runs. A process that refuses the connection is passed over; one
    that dies with the request in hand costs it (502), since it may have been carried out."""
    async with aiohttp.ClientSession() as session:
        door = _Door(fleet, chance, session)
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_post("/{path:.*}", door.pass_on)
        runner = web.AppRunner(application, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


class _Door:
    def __init__(self, fleet: Fleet, chance: random.Random, session: aiohttp.ClientSession) -> None:
        self._fleet = fleet
        self._chance = chance
        self._session = session

    async def pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {k: v for k, v in request.headers.items() if k.title().startswith(_PASSED_ON)}
        doors = list(self._fleet.doors)
        self._chance.shuffle(doors)
        for door in doors:
            url = f"http://127.0.0.1:{door.port}{request.path_qs}"
            try:
                async with self._session.post(url, data=body, headers=headers) as answer:
                    kept = {
                        k: v for k, v in answer.headers.items() if k.title().startswith("X-Slack-")
                    }
                    return web.Response(
                        status=answer.status,
                        body=await answer.read(),
                        content_type=answer.content_type,
                        headers=kept,
                    )
            except aiohttp.ClientConnectorError:
                continue
            except aiohttp.ClientError:
                return web.Response(status=502, text="the process behind this died")
        return web.Response(status=503, text="no process behind this listens")
