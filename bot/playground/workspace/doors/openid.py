"""Where people sign in to other places as who they are in this workspace."""

from __future__ import annotations

import html
from urllib.parse import urlencode

from aiohttp import web

from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.hub import Hub

_ASKED, _SAID = "/openid/connect/authorize", "/openid/connect/said"
_KEYS = "/openid/connect/keys"


class OpenIdDoor:
    """Asks who one is, and sends the browser back with a code."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self) -> list[web.RouteDef]:
        return [web.get(_ASKED, self.ask), web.get(_SAID, self.said), web.get(_KEYS, self.keys)]

    async def ask(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        chosen = {
            one.real_name: html.escape(f"{_SAID}?{urlencode({**asked, 'user': one.id})}")
            for one in self._hub.world.people
        }
        choices = "".join(
            f'<li><a href="{link}">{html.escape(name)}</a></li>' for name, link in chosen.items()
        )
        deny = html.escape(f"{_SAID}?{urlencode(asked)}")
        words = (
            "<!doctype html><title>Sign in</title><p>Who are you in "
            f'{html.escape(self._hub.world.team_name)}?</p><ul>{choices}</ul><a href="{deny}">'
            "Cancel</a>"
        )
        return web.Response(text=words, content_type="text/html")

    async def said(self, request: web.Request) -> web.Response:
        query = request.query
        back, state, user = (query.get(one, "") for one in ("redirect_uri", "state", "user"))
        try:
            target = self._hub.vouching.allow(
                user, back, state, query.get("client_id", ""), query.get("nonce", "")
            )
        except SlackRefusal as refusal:
            return web.Response(status=400, text=refusal.code)
        if not user:
            target = f"{back}?{urlencode({'error': 'access_denied', 'state': state})}"
        raise web.HTTPFound(target)

    async def keys(self, request: web.Request) -> web.Response:
        return web.json_response(self._hub.vouching.keys())
