"""The HTTP side: whether the bot lives and is ready, and Slack's signed requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from slack_bolt.adapter.starlette.async_handler import (
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp

from bot.domain.checks import Check, CheckStatus
from bot.web.limits import BodyLimit

Ready = Callable[[], Awaitable[Sequence[Check]]]

# Slack's largest payloads carry a whole message with 50 blocks; a tenth of this would do.
BODY_MAX = 1_000_000


def build_web(
    ready: Ready, slack: AsyncApp | None = None, *, version: str = "", body_max: int = BODY_MAX
) -> FastAPI:
    """The web application. Without `slack` (Socket Mode) it only tells how the bot is."""
    web = FastAPI(title="Airflow Support Bot", version=version or "0", openapi_url=None)
    web.add_middleware(BodyLimit, limit=body_max)

    @web.get("/healthz")
    async def healthz() -> Response:
        """The process answers."""
        return JSONResponse({"status": "ok", "version": version})

    @web.get("/readyz")
    async def readyz() -> Response:
        """Whether questions can be answered now; 503 says which part is in the way."""
        checks = await ready()
        failed = [check for check in checks if check.status is CheckStatus.FAILED]
        body = {
            "status": "not ready" if failed else "ready",
            "checks": [
                {"part": check.part, "name": check.name, "status": check.status.value}
                for check in checks
            ],
        }
        return JSONResponse(body, status_code=503 if failed else 200)

    if slack is not None:
        web.post("/slack/events")(_slack_door(slack))
    return web


def _slack_door(slack: AsyncApp) -> Callable[[Request], Awaitable[Response]]:
    async def slack_events(request: Request) -> Response:
        """Events, commands and presses; Bolt checks the signature and answers 401."""
        body = await request.body()
        try:
            bolt_request = to_async_bolt_request(request, body)
        except (ValueError, TypeError, AttributeError):
            # Bolt takes the body apart before it checks the signature, and trips over anything
            # odd. Whoever sent it learns no more than this.
            return JSONResponse({"error": "the body is no payload of Slack's"}, status_code=400)
        reply = await slack.async_dispatch(bolt_request)
        return to_starlette_response(reply)

    return slack_events
