"""Real Bolt apps, connected to a local workspace by Socket Mode or behind an HTTP server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.workspace import LocalWorkspace


def bolt_app(ws: LocalWorkspace) -> AsyncApp:
    client = AsyncWebClient(token=ws.bot_token, base_url=ws.base_url)
    return AsyncApp(client=client, signing_secret=ws.signing_secret, process_before_response=True)


@asynccontextmanager
async def by_socket(ws: LocalWorkspace, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """Connects the app by Socket Mode until the block ends."""
    before = ws.sockets.connections
    web_client = AsyncWebClient(token=ws.app_token, base_url=ws.base_url)
    # The SDK looks for a stale connection once per ping interval.
    handler = AsyncSocketModeHandler(app, ws.app_token, web_client=web_client, ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await ws.wait_for_app(before + 1)
    try:
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def serving(application: web.Application) -> AsyncIterator[str]:
    """Serves on a free loopback port; gives the address without a path."""
    runner = web.AppRunner(application, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def by_http(ws: LocalWorkspace, app: AsyncApp) -> AsyncIterator[None]:
    """Serves the app and points the workspace's deliveries at it."""
    async with serving(app.web_app("/slack/events")) as address:
        await ws.use_http(f"{address}/slack/events")
        yield
