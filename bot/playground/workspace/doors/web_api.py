"""`/api/<method>`: reads a call, judges its token, scope and rate, and answers as Slack does."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from typing import Any

from aiohttp import web

from bot.playground.workspace.arguments import Arguments
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.faults import Fault, FaultKind
from bot.playground.workspace.hub import FaultsSet, Hub
from bot.playground.workspace.journal import ApiCall
from bot.playground.workspace.methods import METHODS, Call, Method, TokenKind
from bot.playground.workspace.rates import Rates
from bot.playground.workspace.values import Json

_SECRET = frozenset({"client_secret", "code", "refresh_token"})


class WebApi:
    """The door that the app's Web API client knocks at."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._rates = Rates(hub.clock)

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/api/{method}", self.serve)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        sent, token = await _read(request)
        fault = self._hub.faults.take(name)
        if fault:
            self._hub.announce(FaultsSet())
        if fault and fault.kind is FaultKind.LATE:
            await _cut(request)
        if fault and fault.kind in (FaultKind.SLOW, FaultKind.LATE):
            await self._hub.clock.sleep(fault.seconds)
        spoilt = self._spoilt(fault)
        wait = self._rates.wait(METHODS.get(name), sent) if self._hub.limits.enforce_rates else 0
        if spoilt is None and wait:
            spoilt = _rate_limited(wait)
        response = spoilt or self._answer(name, sent, token)
        self._record(name, sent, response, fault)
        if fault and fault.kind is FaultKind.CUT:
            await _cut(request)
        if fault and fault.kind is FaultKind.DONE_SLOW:
            await self._hub.clock.sleep(fault.seconds)
        if fault and fault.kind is FaultKind.DONE_ERROR:
            return _server_error()
        return response

    def _spoilt(self, fault: Fault | None) -> web.Response | None:
        if fault is None:
            return None
        match fault.kind:
            case FaultKind.RATE_LIMITED:
                return _rate_limited(max(1, round(fault.seconds)))
            case FaultKind.SERVER_ERROR:
                return _server_error()
            case FaultKind.REFUSE:
                return self._refusal(SlackRefusal(fault.error))
        return None

    def _answer(self, name: str, sent: Json, token: str | None) -> web.Response:
        method = METHODS.get(name)
        headers = {"x-oauth-scopes": ",".join(sorted(self._hub.world.app.scopes))}
        if method and method.scopes:
            headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
        try:
            if method is None:
                raise SlackRefusal("unknown_method", req_method=name)
            self._check_token(method, token)
            call = Call(self._hub, Arguments(sent))
            if method.scopes:
                call.require_scope(*method.scopes)
            return web.json_response({"ok": True, **method.run(call)}, headers=headers)
        except SlackRefusal as refusal:
            response = self._refusal(refusal)
            response.headers.update(headers)
            return response

    def _refusal(self, refusal: SlackRefusal) -> web.Response:
        fields = dict(refusal.fields)
        if refusal.code == "missing_scope" and "provided" not in fields:
            fields |= {"needed": "", "provided": ",".join(sorted(self._hub.world.app.scopes))}
        body: Json = {"ok": False, "error": refusal.code, **fields}
        if refusal.messages:
            body["response_metadata"] = {"messages": list(refusal.messages)}
        return web.json_response(body)

    def _check_token(self, method: Method, token: str | None) -> None:
        if method.token is TokenKind.NONE:
            return
        if not token:
            raise SlackRefusal("not_authed")
        of_app = hmac.compare_digest(token, self._hub.credentials.app_token)
        wrong = self._hub.grants.judge(token)
        if method.token is TokenKind.APP:
            if not of_app:
                raise SlackRefusal("invalid_auth" if wrong else "not_allowed_token_type")
        elif wrong:
            raise SlackRefusal("not_allowed_token_type" if of_app else wrong)

    def _record(self, name: str, sent: Json, response: web.Response, fault: Fault | None) -> None:
        cut = fault is not None and fault.kind in (FaultKind.CUT, FaultKind.LATE)
        try:
            body = json.loads(response.text or "{}")
        except ValueError:
            body = {"text": response.text}
        self._hub.record_call(
            ApiCall(
                0,
                self._hub.clock.now(),
                name,
                {key: value for key, value in sent.items() if key not in _SECRET},
                0 if cut else response.status,
                body,
                fault.kind.value if fault else "",
            )
        )


async def _cut(request: web.Request) -> None:
    """Whatever is returned for this request, nobody gets it."""
    if request.transport is not None:
        request.transport.abort()
        await asyncio.sleep(0)


def _server_error() -> web.Response:
    return web.Response(status=500, text="server_error")


def _rate_limited(seconds: int) -> web.Response:
    body = {"ok": False, "error": "ratelimited"}
    return web.json_response(body, status=429, headers={"Retry-After": str(seconds)})


async def _read(request: web.Request) -> tuple[Json, str | None]:
    """The arguments without the token, and the token, from wherever they were put."""
    sent: dict[str, Any] = dict(request.query)
    if request.method == "POST":
        if request.content_type == "application/json":
            try:
                body = await request.json()
            except ValueError:
                body = {}
            sent |= body if isinstance(body, dict) else {}
        else:
            sent |= dict(await request.post())
    in_body = sent.pop("token", None)
    authorization = request.headers.get("Authorization", "")
    if authorization.startswith("Basic "):
        name, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
        return {**sent, "client_id": name, "client_secret": secret}, None
    token = authorization.removeprefix("Bearer ").strip() or None
    return sent, token or in_body
