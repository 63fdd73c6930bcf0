"""A Bolt app that does nothing but put mentions into a queue in memory, to compare with.

    python -m tests.benchmarks.bare_bolt PORT

Reads SLACK_API_URL, BOT_TOKEN and SIGNING_SECRET.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


def application() -> FastAPI:
    """The app behind `/slack/events`."""
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    client = AsyncWebClient(os.environ["BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    bolt = AsyncApp(client=client, signing_secret=os.environ["SIGNING_SECRET"])

    @bolt.event("app_mention")
    async def mentioned(event: dict[str, Any]) -> None:
        queue.put_nowait(event)

    handler = AsyncSlackRequestHandler(bolt)
    web = FastAPI()

    @web.post("/slack/events")
    async def events(request: Request) -> Response:
        return await handler.handle(request)

    @web.get("/readyz")
    async def ready() -> dict[str, int]:
        return {"queued": queue.qsize()}

    return web


if __name__ == "__main__":
    uvicorn.run(application(), port=int(sys.argv[1]), log_config=None, access_log=False)
