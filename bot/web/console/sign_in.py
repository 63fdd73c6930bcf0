"""Coming in and going out: with Slack, or with a token of this machine."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, unquote, urlsplit

import structlog
from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response

from bot.domain.audit import AuditEntry, Outcome
from bot.services.console_ports import Identified, NotIdentified, Role, Session
from bot.services.console_roles import LOCAL, Refused
from bot.web.console.desk import (
    BASE,
    ConsoleConfig,
    Desk,
    Needs,
    desk_of,
    fresh_secret,
    key_of,
    visit_of,
    visit_or_none,
)
from bot.web.console.guard import COOKIE, SIGN_IN, cookie_of, is_of_this_machine
from bot.web.console.pages import page

log = structlog.get_logger(__name__)

LOCAL_TOKEN, SLACK = "local-token", "slack"
"""Kinds of grants."""
BACK = f"{SIGN_IN}/slack/back"
"""Where Slack sends people back to."""
_STATE = "airflow-bot-console-state"
_GOOD_FOR = timedelta(minutes=10)
_ACTION = "console sign-in"
# A path of ours: no second slash or backslash, with which browsers go elsewhere.
_OWN = re.compile(rf"{re.escape(BASE)}(?:/[\w.\-~%/]*)?(?:\?[\w.\-~%=&+]*)?")


def sign_in_pages(config: ConsoleConfig) -> APIRouter:
    router = APIRouter()

    @router.get("/sign-in")
    async def choose(request: Request) -> Response:
        if visit_or_none(request) is not None:
            return RedirectResponse(own_path(request.query_params.get("next", "")), 303)
        after = quote(own_path(request.query_params.get("next", "")), safe="")
        return page(request, "sign_in.html", with_slack=config.with_slack, after=after, words="")

    @router.get("/sign-in/local")
    async def local(request: Request) -> Response:
        return await _by_token(request, config)

    @router.get("/sign-in/slack")
    async def slack(request: Request) -> Response:
        return await _to_slack(request, config)

    @router.get("/sign-in/slack/back")
    async def back(request: Request) -> Response:
        return await _from_slack(request, config)

    @router.post("/sign-out", dependencies=[Depends(Needs(Role.VIEWER))])
    async def sign_out(request: Request) -> Response:
        desk, visit = desk_of(request), visit_of(request)
        form = await request.form()
        if form.get("everywhere"):
            await desk.sessions.close_all(visit.session.user_id, visit.session.workspace)
        else:
            await desk.sessions.close(visit.key)
        reply = RedirectResponse(SIGN_IN, 303)
        reply.delete_cookie(COOKIE, path=BASE)
        return reply

    return router


def own_path(path: str) -> str:
    """`path` where it is a page of the console, else its first page: nobody is sent elsewhere."""
    is_own = _OWN.fullmatch(path) and "//" not in unquote(urlsplit(path).path)
    return path if is_own and ".." not in unquote(path) else f"{BASE}/"


async def _by_token(request: Request, config: ConsoleConfig) -> Response:
    desk = desk_of(request)
    if not is_of_this_machine(request.scope):
        raise HTTPException(403, "Local tokens are good on the bot's own machine alone.")
    token = request.query_params.get("token", "")
    body = await desk.grants.take(key_of(token), LOCAL_TOKEN, desk.now())
    if body is None:
        words = "That link was used, or is older than ten minutes. Make another one: "
        return page(
            request, "sign_in.html", 403, with_slack=config.with_slack, after="",
            words=f"{words}airflow-bot console token",
        )  # fmt: skip
    made = json.loads(body)
    session = _session(desk, config, Identified(made["user"], LOCAL, made["user"]))
    return await _opened(request, config, session, Role(made["role"]), f"{BASE}/")


async def _to_slack(request: Request, config: ConsoleConfig) -> Response:
    desk = desk_of(request)
    if desk.openid is None:
        raise HTTPException(404, "Signing in with Slack is not set up here.")
    state, nonce = fresh_secret(), fresh_secret()
    after = own_path(request.query_params.get("next", ""))
    body = json.dumps({"nonce": nonce, "next": after})
    await desk.grants.put(key_of(state), SLACK, body, desk.now() + _GOOD_FOR)
    reply = RedirectResponse(desk.openid.address(state, nonce), 303)
    _set_cookie(reply, _STATE, state, int(_GOOD_FOR.total_seconds()), config.is_https)
    return reply


async def _from_slack(request: Request, config: ConsoleConfig) -> Response:
    """Whoever comes back has to be in the browser that set out, once."""
    desk, query = desk_of(request), request.query_params
    state, held = query.get("state", ""), cookie_of(Headers(scope=request.scope), _STATE)
    known = secrets.compare_digest(state.encode("utf-8", "replace"), held.encode())
    body = None
    if state and known:
        body = await desk.grants.take(key_of(state), SLACK, desk.now())
    if body is None or desk.openid is None:
        return _refused(request, config, "That took too long, or began in another browser.")
    if not query.get("code"):
        return _refused(request, config, "Slack was not allowed to say who you are.")
    begun = json.loads(body)
    try:
        who = await desk.openid.identified(query["code"], begun["nonce"])
    except NotIdentified as error:
        return _refused(request, config, error.words)
    with desk.here(who.workspace):
        admitted = await desk.roles.admitted(who)
    if isinstance(admitted, Refused):
        await desk.audit.add(_entry(desk, who, Outcome.DENIED, admitted.words))
        return _refused(request, config, admitted.words)
    session = _session(desk, config, who)
    reply = await _opened(request, config, session, None, own_path(begun["next"]))
    reply.delete_cookie(_STATE, path=BASE)
    return reply


async def _opened(
    request: Request, config: ConsoleConfig, session: Session, role: Role | None, after: str
) -> Response:
    """The session is new: what the browser held before counts no more."""
    desk, secret = desk_of(request), fresh_secret()
    if former := visit_or_none(request):
        await desk.sessions.close(former.key)
    await desk.sessions.open(key_of(secret), replace(session, role=role))
    who = Identified(session.user_id, session.workspace, session.name)
    await desk.audit.add(_entry(desk, who, Outcome.ALLOWED))
    reply = RedirectResponse(after, 303)
    is_secure = request.url.scheme == "https" or (role is None and config.is_https)
    _set_cookie(reply, COOKIE, secret, int(config.lasts.total_seconds()), is_secure)
    return reply


def _session(desk: Desk, config: ConsoleConfig, who: Identified) -> Session:
    now = desk.now()
    return Session(who.user_id, who.workspace, who.name, fresh_secret(), now, now + config.lasts)


def _set_cookie(reply: Response, name: str, value: str, lasts: int, is_secure: bool) -> None:
    reply.set_cookie(
        name, value, max_age=lasts, path=BASE, secure=is_secure, httponly=True, samesite="lax"
    )


def _refused(request: Request, config: ConsoleConfig, words: str) -> Response:
    reply = page(request, "sign_in.html", 403, with_slack=config.with_slack, after="", words=words)
    reply.delete_cookie(_STATE, path=BASE)
    return reply


def _entry(desk: Desk, who: Identified, outcome: Outcome, reason: str = "") -> AuditEntry:
    now = desk.now()
    return AuditEntry(
        key=f"console:{who.workspace}:{who.user_id}:{now.isoformat()}",
        at=now,
        user_id=who.user_id,
        workspace=who.workspace,
        channel="",
        action=_ACTION,
        outcome=outcome,
        reason=reason,
    )
