"""Where people are asked whether they allow the app in their workspace."""

from __future__ import annotations

import html
from urllib.parse import urlencode

from aiohttp import web

from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.hub import Hub

_ASKED, _SAID = "/oauth/v2/authorize", "/oauth/v2/said"


class Authorize:
    """Asks, and sends the browser back with a code."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def routes(self) -> list[web.RouteDef]:
        return [web.get(_ASKED, self.ask), web.get(_SAID, self.said)]

    async def ask(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        name = html.escape(self._hub.world.app.name)
        team = html.escape(self._hub.world.team_name)
        allow = html.escape(f"{_SAID}?{urlencode({**asked, 'allow': '1'})}")
        deny = html.escape(f"{_SAID}?{urlencode(asked)}")
        words = (
            f"<!doctype html><title>Allow</title><p>{name} asks to be let into {team}.</p>"
            f'<p><a href="{allow}">Allow</a> <a href="{deny}">Cancel</a></p>'
        )
        return web.Response(text=words, content_type="text/html")

    async def said(self, request: web.Request) -> web.Response:
        query = request.query
        back, state = query.get("redirect_uri", ""), query.get("state", "")
        grants, user = self._hub.grants, self._hub.world.people[0].id
        try:
            target = grants.allow(user, back, state, query.get("client_id", ""))
        except SlackRefusal as refusal:
            return web.Response(status=400, text=refusal.code)
        if "allow" not in query:
            target = f"{back}?{urlencode({'error': 'access_denied', 'state': state})}"
        raise web.HTTPFound(target)
