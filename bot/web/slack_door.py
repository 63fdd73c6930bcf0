"""Where Slack's signed requests come in: before everything else that the web application does.

Slack waits for each answer, and Bolt alone reads the request, so the framework's ways to a route
would only cost time.
"""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt.adapter.starlette.async_handler import (
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/slack/events"

Slack = Callable[[], AsyncApp | None]
"""What Slack's requests are handed to; None while nothing is let in."""


class SlackDoor:
    """ASGI middleware: events, commands and presses go to Bolt, all else to `app`."""

    def __init__(self, app: ASGIApp, slack: Slack) -> None:
        self._app = app
        self._slack = slack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        reply = await self._answer(Request(scope, receive))
        await reply(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        """Bolt checks the signature and answers 401."""
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})
        body = await request.body()
        app = self._slack()
        if app is None:
            # Slack delivers it again; who sent this is not known yet.
            return JSONResponse({"error": "starting"}, status_code=503)
        try:
            bolt_request = to_async_bolt_request(request, body)
        except (ValueError, TypeError, AttributeError):
            # Bolt takes the body apart before it checks the signature, and trips over anything
            # odd. Whoever sent it learns no more than this.
            words = {"error": "the body is no payload of Slack's"}
            return JSONResponse(words, status_code=400)
        return to_starlette_response(await app.async_dispatch(bolt_request))
