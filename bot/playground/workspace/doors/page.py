"""The page and its files. They hold nothing of the workspace: all that comes by the control API."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from aiohttp import web

from bot.playground.workspace.doors.guard import SAFE_HEADERS

_TYPES = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "json": "application/json",
    "svg": "image/svg+xml",
}


@cache
def _assets() -> dict[str, bytes]:
    """Every asset by its path; only what is listed here can be asked for."""
    root = files("bot.playground.workspace").joinpath("assets")
    found: dict[str, bytes] = {}
    for entry in root.iterdir():
        if entry.is_dir():
            found |= {f"{entry.name}/{item.name}": item.read_bytes() for item in entry.iterdir()}
        else:
            found[entry.name] = entry.read_bytes()
    return found


def _answer(name: str) -> web.Response:
    content = _assets().get(name)
    kind = _TYPES.get(name.rpartition(".")[2])
    if content is None or kind is None:
        raise web.HTTPNotFound(text="no such file", headers=SAFE_HEADERS)
    return web.Response(body=content, content_type=kind, charset="utf-8", headers=SAFE_HEADERS)


async def _index(request: web.Request) -> web.Response:
    return _answer("index.html")


async def _asset(request: web.Request) -> web.Response:
    return _answer(request.match_info["name"])


def page_routes() -> list[web.RouteDef]:
    """The page at `/` and at permalinks, its files under `/assets/`."""
    return [
        web.get("/", _index),
        web.get("/archives/{channel}/{message}", _index),
        web.get("/assets/{name:[a-z0-9_./-]+}", _asset),
    ]
