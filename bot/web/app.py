"""The HTTP side: how the bot is, Slack's signed requests, and whatever else is let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from slack_bolt.adapter.starlette.async_handler import (
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp

from bot.services.standing import Standing
from bot.web.health import Metrics, Ready, health_pages
from bot.web.limits import BodyLimit

# Slack's largest payloads carry a whole message with 50 blocks; a tenth of this would do.
BODY_MAX = 1_000_000

Slack = Callable[[], AsyncApp | None]
"""What Slack's requests are handed to; None while nothing is let in."""


def build_web(
    ready: Ready,
    slack: Slack | None = None,
    *,
    version: str = "",
    body_max: int = BODY_MAX,
    metrics: Metrics | None = None,
    standing: Standing | None = None,
    routers: Sequence[APIRouter] = (),
) -> FastAPI:
    """The web application. Without `slack` (Socket Mode) Slack has no door here.

    `routers` are further doors. The limit of `body_max` bytes holds for all of them.
    """
    web = FastAPI(title="Airflow Support Bot", version=version or "0", openapi_url=None)
    web.add_middleware(BodyLimit, limit=body_max)
    web.include_router(health_pages(ready, version=version, metrics=metrics, standing=standing))
    if slack is not None:
        # Slack waits for the answer, and Bolt alone reads the request: nothing else is to.
        web.add_route("/slack/events", _slack_door(slack), methods=["POST"])
    for router in routers:
        web.include_router(router)
    return web


def _slack_door(slack: Slack) -> Callable[[Request], Awaitable[Response]]:
    async def slack_events(request: Request) -> Response:
        """Events, commands and presses; Bolt checks the signature and answers 401."""
        body = await request.body()
        app = slack()
        if app is None:
            # Slack delivers it again; who sent this is not known yet.
            return JSONResponse({"error": "starting"}, status_code=503)
        try:
            bolt_request = to_async_bolt_request(request, body)
        except (ValueError, TypeError, AttributeError):
            # Bolt takes the body apart before it checks the signature, and trips over anything
            # odd. Whoever sent it learns no more than this.
            return JSONResponse({"error": "the body is no payload of Slack's"}, status_code=400)
        reply = await app.async_dispatch(bolt_request)
        return to_starlette_response(reply)

    return slack_events
