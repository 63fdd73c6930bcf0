"""Stands before every page: how often, from where, who it is, and what browsers may do with it."""

from __future__ import annotations

import ipaddress
from collections.abc import MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.domain.errors import StoreError
from bot.services.console_ports import Person
from bot.web.console.desk import BASE, ConsoleConfig, Desk, DeskNow, Visit, key_of

log = structlog.get_logger(__name__)

COOKIE = "airflow-bot-console"
SIGN_IN = f"{BASE}/sign-in"
_ALL = parse("600/minute")
_SIGN_INS = parse("20/minute")
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# Whoever comes through a proxy is not of this machine.
_PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """ASGI middleware. Puts `desk` and, for whoever is signed in, `visit` into the scope."""

    def __init__(self, app: ASGIApp, config: ConsoleConfig, desk: DeskNow) -> None:
        self._app = app
        self._config = config
        self._desk = desk
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        guarded = _with_headers(send, is_static=_path(scope).startswith("/static/"))
        refusal = await self._refusal(scope)
        desk = self._desk()
        if refusal is None and desk is None:
            refusal = PlainTextResponse("The bot is starting. Try again in a minute.", 503)
        if refusal is not None or desk is None:
            if refusal is not None:
                await refusal(scope, receive, guarded)
            return
        try:
            visit = await self._visit(scope, desk)
        except StoreError as error:
            log.error("console.session_not_read", error=str(error))
            down = PlainTextResponse("The bot's database does not answer. Try again.", 503)
            await down(scope, receive, guarded)
            return
        scope["desk"], scope["visit"] = desk, visit
        with desk.here(visit.person.workspace if visit and not visit.person.is_local else ""):
            await self._app(scope, receive, guarded)

    async def _refusal(self, scope: Scope) -> Response | None:
        client = scope.get("client")
        address = client[0] if client else ""
        if not await self._limiter.hit(_ALL, address):
            return _too_many(_ALL)
        if _path(scope).startswith("/sign-in") and not await self._limiter.hit(
            _SIGN_INS, "sign-in", address
        ):
            return _too_many(_SIGN_INS)
        return _of_another_site(scope)

    async def _visit(self, scope: Scope, desk: Desk) -> Visit | None:
        secret = cookie_of(Headers(scope=scope), COOKIE)
        if not secret:
            return None
        key = key_of(secret)
        session = await desk.sessions.find(key, desk.now())
        if session is None:
            return None
        if session.role is not None and not is_of_this_machine(scope):
            return None
        with desk.here("" if session.role is not None else session.workspace):
            person = await desk.roles.of(session)
        return Visit(person, session, key) if isinstance(person, Person) else None


def is_of_this_machine(scope: Scope) -> bool:
    """Whether the browser runs on the machine that the bot runs on, and speaks to it directly.

    A page elsewhere whose name was made to point here gives itself away by that name.
    """
    headers, client = Headers(scope=scope), scope.get("client")
    if any(name in headers for name in _PROXIED) or not client:
        return False
    try:
        name = urlsplit(f"//{headers.get('host', '')}").hostname
        return name in _LOCAL_NAMES and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def cookie_of(headers: Headers, name: str) -> str:
    """ "" where there is none, or nothing that can be read."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _of_another_site(scope: Scope) -> Response | None:
    """Forms of other sites are refused also where somebody let out what stands in ours."""
    if scope["method"] in ("GET", "HEAD"):
        return None
    headers = Headers(scope=scope)
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
    try:
        # Without referrers browsers say "null" of our own forms.
        same = origin in (None, "null") or urlsplit(origin or "").netloc == headers.get("host")
    except ValueError:
        same = False
    if not same or site not in ("same-origin", "none"):
        return PlainTextResponse("This came from another site.", 403)
    return None


def _too_many(limit: RateLimitItem) -> Response:
    headers = {"Retry-After": str(limit.get_expiry())}
    return PlainTextResponse("Too many requests. Try again in a minute.", 429, headers)


def _with_headers(send: Send, *, is_static: bool) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            _harden(message, is_static)
        await send(message)

    return sending


def _harden(message: MutableMapping[str, Any], is_static: bool) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _HEADERS.items():
        headers[name] = value
    headers["Cache-Control"] = "public, max-age=3600" if is_static else "no-store"


def _path(scope: Scope) -> str:
    """Below where the console is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
