"""Several local workspaces behind one address, as Slack is: whose a call is its token says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp
from aiohttp import web

from bot.playground.workspace.local import LocalWorkspace
from bot.playground.workspace.several_sockets import CONNECTIONS_OPEN, PATH, SharedSockets
from bot.playground.workspace.world import Credentials, World

_PASSED_ON = ("Content-Type", "Authorization")


@dataclass
class SeveralWorkspaces:
    """`base_url` is for the app; people are in the `workspaces`. All know one app."""

    workspaces: Sequence[LocalWorkspace]
    session: aiohttp.ClientSession
    sockets: SharedSockets
    url: str = ""

    @property
    def app_token(self) -> str:
        return self.sockets.app_token

    @property
    def base_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def signing_secret(self) -> str:
        return self.workspaces[0].signing_secret

    @classmethod
    @asynccontextmanager
    async def started(cls, worlds: Sequence[World]) -> AsyncIterator[SeveralWorkspaces]:
        """Listens on 127.0.0.1 until the block ends. The worlds differ in their `team_id`."""
        common = Credentials.fresh()
        async with AsyncExitStack() as stack:
            workspaces = []
            for world in worlds:
                own = Credentials.fresh()
                own = replace(own, signing_secret=common.signing_secret)
                started = LocalWorkspace.started(world, credentials=own)
                workspaces.append(await stack.enter_async_context(started))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            several = cls(workspaces, session, SharedSockets(workspaces, session))
            application = web.Application(client_max_size=16 * 1024 * 1024)
            application.router.add_route("*", "/api/{method}", several._serve)
            application.router.add_get(PATH, several.sockets.serve)
            runner = web.AppRunner(application, shutdown_timeout=1.0)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            several.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield several

    async def _serve(self, request: web.Request) -> web.Response:
        if request.match_info["method"] == CONNECTIONS_OPEN:
            said_by = request.headers.get("Authorization", "")
            return web.json_response(self.sockets.opened(said_by, request.host))
        body = await request.read()
        said = request.headers.get("Authorization", "").encode()
        if request.match_info["method"] == "oauth.v2.access":
            said = body  # a code, or a token to be exchanged
        mine = [one for one in self.workspaces if one.team_id.encode() in said]
        if not mine:
            return web.json_response({"ok": False, "error": _unknown(request)})
        target = f"{mine[0].base_url}{request.match_info['method']}"
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        call = self.session.request(
            request.method, target, params=request.query, headers=headers, data=body or None
        )
        async with call as reply:
            answer = await reply.read()
            kind = reply.headers.get("Content-Type", "application/json").partition(";")[0]
            kept = {
                name: value
                for name, value in reply.headers.items()
                if name.lower() in ("retry-after", "x-oauth-scopes")
            }
            return web.Response(status=reply.status, body=answer, content_type=kind, headers=kept)


def _unknown(request: web.Request) -> str:
    is_oauth = request.match_info["method"] == "oauth.v2.access"
    return "invalid_code" if is_oauth else "invalid_auth"
