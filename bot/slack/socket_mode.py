"""Socket Mode: the connection by which Slack delivers, held for as long as the bot takes in."""

from __future__ import annotations

import asyncio
import time

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.client import sdk_logger

# Less than the SDK's pause between two tries at one address.
_PATIENCE = 8.0


class PersistentClient(SocketModeClient):
    """Asks for a new address where one does not lead to a connection: each is good for one use, and
    the SDK would try the same for ever."""

    patience = _PATIENCE

    async def connect(self) -> None:
        while not self.closed:
            try:
                async with asyncio.timeout(self.patience):
                    await super().connect()  # type: ignore[no-untyped-call]
                return
            except TimeoutError:
                self.wss_uri = None

    async def issue_new_wss_url(self) -> str:
        """Raises `SlackApiError`; the SDK's own breaks on an error that is no JSON."""
        reply = await self.web_client.apps_connections_open(app_token=self.app_token)
        return str(reply["url"])


class SocketMode:
    """Hands what comes to `app`. Whatever that does not answer with 200 is not acknowledged, and
    comes again; the connection stays open."""

    def __init__(self, app: AsyncApp, app_token: str, web_client: AsyncWebClient) -> None:
        self._app = app
        self.client = PersistentClient(app_token, sdk_logger(), web_client)
        self.client.socket_mode_request_listeners.append(self._hand_over)

    async def _hand_over(
        self, client: AsyncBaseSocketModeClient, request: SocketModeRequest
    ) -> None:
        began = time.time()
        response = await run_async_bolt_app(self._app, request)
        await send_async_response(client, request, response, began)
