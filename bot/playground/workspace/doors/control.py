"""`/control/…`: everything that drives or reads the workspace, behind its token."""

from __future__ import annotations

from aiohttp import web
from pydantic import ValidationError

from bot.domain.errors import BadRequest
from bot.playground.workspace.doors.deeds import DEEDS
from bot.playground.workspace.doors.feed import Feed
from bot.playground.workspace.doors.files import as_download
from bot.playground.workspace.doors.guard import demand_token
from bot.playground.workspace.doors.stage import PersonalDeed, Stage
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.snapshot import snapshot


class Control:
    """The page and whoever scripts the workspace come in here."""

    def __init__(self, stage: Stage, feed: Feed) -> None:
        self._stage = stage
        self._feed = feed

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/state", self.state),
            web.get("/control/feed", self.feed),
            web.get("/control/files/{id}", self.file),
            web.post("/control/{deed}", self.act),
        ]

    def _admit(self, request: web.Request) -> None:
        demand_token(request, self._stage.hub.credentials.control_token)

    async def state(self, request: web.Request) -> web.Response:
        self._admit(request)
        return web.json_response(snapshot(self._stage.hub, self._stage.sockets.connections))

    async def feed(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        return await self._feed.serve(request)

    async def file(self, request: web.Request) -> web.Response:
        self._admit(request)
        file = self._stage.hub.state.files.get(request.match_info["id"])
        if file is None:
            raise web.HTTPNotFound(text="no such file")
        return as_download(file)

    async def act(self, request: web.Request) -> web.Response:
        self._admit(request)
        name = request.match_info["deed"]
        kind = DEEDS.get(name)
        if kind is None:
            return _no(f"no deed {name!r}; there are {', '.join(DEEDS)}", 404)
        if request.content_type != "application/json":
            return _no("the body must be application/json", 415)
        try:
            deed = kind.model_validate_json(await request.read())
            if isinstance(deed, PersonalDeed):
                self._stage.check_person(deed.user)
            done = await deed.do(self._stage)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}"
                for fault in error.errors()
            )
            return _no(faults, 400)
        except (BadRequest, SlackRefusal) as error:
            return _no(str(error), 409)
        return web.json_response({"ok": True, **done})


def _no(message: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": message}, status=status)
