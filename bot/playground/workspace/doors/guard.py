"""Keeps strangers out: only loopback names, only with the token, nothing a browser could misuse."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
SAFE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@web.middleware
async def only_loopback_names(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses requests for any other host name: a page elsewhere that had its name point here
    could otherwise read the workspace (DNS rebinding)."""
    origin = request.headers.get("Origin")
    try:
        name = urlsplit(f"//{request.host}").hostname
        elsewhere = origin is not None and urlsplit(origin).netloc != request.host
    except ValueError:
        raise web.HTTPBadRequest(text="Host or Origin holds no valid address") from None
    if name not in LOOPBACK:
        raise web.HTTPMisdirectedRequest(text="this workspace answers to 127.0.0.1 only")
    if elsewhere:
        raise web.HTTPForbidden(text="requests from other origins are refused")
    return await handler(request)


def demand_token(request: web.Request, token: str) -> None:
    """Raises 401 unless the request carries the control token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise web.HTTPUnauthorized(
            text="the control token is missing or wrong: open the address that was printed at start"
        )
