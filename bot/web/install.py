"""The pages on which the app is installed in a workspace; Slack sends people back to the second."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from fastapi import APIRouter, Request
from slack_bolt import BoltResponse
from slack_bolt.adapter.starlette.async_handler import (
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.request.async_request import AsyncBoltRequest
from starlette.responses import PlainTextResponse, Response

from bot.domain.errors import StoreError

log = structlog.get_logger(__name__)


class Flow(Protocol):
    async def handle_installation(self, request: AsyncBoltRequest) -> BoltResponse: ...

    async def handle_callback(self, request: AsyncBoltRequest) -> BoltResponse: ...


FlowNow = Callable[[], Flow | None]
"""None while the bot starts."""


def install_pages(flow: FlowNow, install: str, redirect: str) -> APIRouter:
    """`install` and `redirect` are their paths."""
    router = APIRouter()

    @router.get(install, include_in_schema=False)
    async def start(request: Request) -> Response:
        now = flow()
        return await _answered(request, now.handle_installation if now else None)

    @router.get(redirect, include_in_schema=False)
    async def back(request: Request) -> Response:
        now = flow()
        return await _answered(request, now.handle_callback if now else None)

    return router


async def _answered(
    request: Request, handle: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]] | None
) -> Response:
    if handle is None:
        return PlainTextResponse("The bot is starting. Try again in a minute.", status_code=503)
    try:
        return to_starlette_response(await handle(to_async_bolt_request(request, b"")))
    except StoreError as error:
        log.error("web.not_installed", error=str(error))
        words = "The bot's database does not answer. Try again in a minute."
        return PlainTextResponse(words, status_code=503)
