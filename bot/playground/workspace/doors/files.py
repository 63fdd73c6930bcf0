"""Where file contents come in and go out, and where answers to interactions arrive."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import BodyPartReader, web

from bot.playground.workspace.changes import FileStored
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.hub import Hub
from bot.playground.workspace.response_urls import ResponseUrls
from bot.playground.workspace.values import StoredFile


class Files:
    """Upload addresses, private downloads and response_urls."""

    def __init__(self, hub: Hub, urls: ResponseUrls) -> None:
        self._hub = hub
        self._urls = urls

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/upload/{ticket}", self.take),
            web.get("/files-pri/{team_file}", self.give),
            web.get("/files-pri/{team_file}/download", self.give),
            web.post("/hooks/{key}", self.answer),
        ]

    async def take(self, request: web.Request) -> web.Response:
        """Takes the content of one file; the ticket in the address is all it demands."""
        file = self._hub.uploads.pop(request.match_info["ticket"], None)
        if file is None:
            raise web.HTTPNotFound(text="this upload address is unknown or was used")
        if request.content_type == "multipart/form-data":
            part = await (await request.multipart()).next()
            content = bytes(await part.read()) if isinstance(part, BodyPartReader) else b""
        else:
            content = await request.read()
        self._hub.commit(FileStored(replace(file, content=content)))
        return web.Response(text=f"OK - {len(content)}")

    async def give(self, request: web.Request) -> web.Response:
        """Gives a file to whoever holds the app's token and scope."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._hub.grants.judge(token):
            raise web.HTTPFound("/")  # Slack sends strangers to its sign-in page
        if "files:read" not in self._hub.world.app.scopes:
            raise web.HTTPForbidden(text="missing_scope: files:read")
        file_id = request.match_info["team_file"].rpartition("-")[2]
        file = self._hub.state.files.get(file_id)
        if file is None:
            raise web.HTTPNotFound(text="file_not_found")
        return as_download(file)

    async def answer(self, request: web.Request) -> web.Response:
        """A response_url: `ok`, or Slack's refusal."""
        try:
            body = await request.json()
        except ValueError:
            raise web.HTTPBadRequest(text="invalid_payload") from None
        try:
            self._urls.use(request.match_info["key"], body)
        except SlackRefusal as refusal:
            status = 404 if refusal.code in ("used_url", "expired_url") else 400
            return web.json_response({"ok": False, "error": refusal.code}, status=status)
        return web.Response(text="ok")


def as_download(file: StoredFile) -> web.Response:
    """The file as an attachment that no browser will run."""
    name = file.name.encode("ascii", "replace").decode().replace('"', "'").replace("\n", " ")
    return web.Response(
        body=file.content,
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
