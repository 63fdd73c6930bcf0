"""The console: pages for those who look after the bot, under `/console`."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from bot.domain.errors import BadRequest, StoreError
from bot.web.console.api import api_routes
from bot.web.console.cases import case_pages
from bot.web.console.conversations import conversation_pages
from bot.web.console.datasets import dataset_pages
from bot.web.console.desk import ConsoleConfig, DeskNow
from bot.web.console.figures import figure_pages
from bot.web.console.guard import SIGN_IN, Guard
from bot.web.console.pages import page
from bot.web.console.review import review_pages
from bot.web.console.runbooks import runbook_pages
from bot.web.console.sign_in import sign_in_pages

log = structlog.get_logger(__name__)

_STATIC = Path(__file__).parent / "static"
_API = "/api/"


def console_app(config: ConsoleConfig, desk: DeskNow) -> ASGIApp:
    """To be mounted at `BASE`."""
    return Guard(console_routes(config), config, desk)


def console_routes(config: ConsoleConfig) -> FastAPI:
    """The pages without what stands before them."""
    web = FastAPI(title="Airflow Support Bot: console", openapi_url=None)
    web.include_router(sign_in_pages(config))
    for pages in (
        conversation_pages,
        review_pages,
        case_pages,
        runbook_pages,
        dataset_pages,
        figure_pages,
        api_routes,
    ):
        web.include_router(pages())
    web.mount("/static", StaticFiles(directory=_STATIC), name="static")
    web.add_exception_handler(HTTPException, _told)
    web.add_exception_handler(RequestValidationError, _not_understood)
    web.add_exception_handler(StoreError, _down)
    web.add_exception_handler(BadRequest, _cannot_be)
    return web


async def _told(request: Request, error: Exception) -> Response:
    """What went wrong, on a page; who is not signed in is asked to do so where that leads on."""
    if not isinstance(error, HTTPException):
        raise error
    words, status = str(error.detail), error.status_code
    if _is_api(request):
        return JSONResponse({"error": words}, status, error.headers)
    if status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{SIGN_IN}?next={quote(back, safe='')}", 303)
    reply = page(request, "told.html", status, title=HTTPStatus(status).phrase, words=words)
    for name, value in (error.headers or {}).items():
        reply.headers[name] = value
    return reply


async def _not_understood(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = "; ".join(
        f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}" for one in error.errors()
    )
    return await _told(request, HTTPException(422 if _is_api(request) else 400, faults))


async def _cannot_be(request: Request, error: Exception) -> Response:
    return await _told(request, HTTPException(400, str(error)))


async def _down(request: Request, error: Exception) -> Response:
    log.error("console.database", error=str(error))
    words = "The bot's database does not answer, or refused this. Try again in a minute."
    return await _told(request, HTTPException(503, words))


def _is_api(request: Request) -> bool:
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return path.startswith(_API)
