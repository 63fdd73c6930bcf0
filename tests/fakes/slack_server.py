"""A Slack-like server on loopback that records what the bot does and can be made to refuse."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

TEAM, BOT_USER, BOT_ID, APP = "T0TEST0001", "U0BOT00001", "B0BOT00001", "A0APP00001"
BOT_TOKEN, APP_TOKEN = "xoxb-test", "xapp-test"
SCOPES = (
    "app_mentions:read,channels:history,chat:write,commands,files:write,groups:history,"
    "im:history,reactions:write"
)
Args = dict[str, Any]


@dataclass(frozen=True)
class Call:
    method: str
    args: Args


@dataclass
class Spoiled:
    """What happens instead of an answer; `times` None means always."""

    error: str = ""
    retry_after: int | None = None
    cut: bool = False  # carried out, then the connection is cut
    times: int | None = None


@dataclass
class FakeSlack:
    """State is public: tests look at it."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    messages: dict[str, list[Args]] = field(default_factory=lambda: defaultdict(list))
    whispers: list[Args] = field(default_factory=list)
    responses: list[Args] = field(default_factory=list)
    files: list[Args] = field(default_factory=list)
    members_only: set[str] = field(default_factory=set)  # channels without the bot
    scopes: str = SCOPES
    page: int = 1_000
    _spoiled: dict[str, Spoiled] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _uploads: dict[str, Args] = field(default_factory=dict)
    _sockets: list[web.WebSocketResponse] = field(default_factory=list)
    _acks: dict[str, asyncio.Future[Args]] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def spoil(self, method: str, spoiled: Spoiled) -> None:
        self._spoiled[method] = spoiled

    def refuse(self, method: str, error: str, times: int | None = None) -> None:
        self.spoil(method, Spoiled(error=error, times=times))

    def of(self, method: str) -> list[Args]:
        """Arguments of every call of that method."""
        return [call.args for call in self.calls if call.method == method]

    def posted(self, channel: str) -> list[Args]:
        """The bot's messages that stand in a channel now."""
        return [one for one in self.messages[channel] if one.get("bot_id") == BOT_ID]

    def put(self, channel: str, **message: Any) -> str:
        """Somebody else's message."""
        message.setdefault("ts", f"1700000000.{next(self._numbers):06d}")
        self.messages[channel].append({"type": "message", **message})
        return str(message["ts"])

    async def until(self, holds: Callable[[], bool], seconds: float = 5.0) -> None:
        """Waits for a state that the bot brings about; fails after `seconds`."""
        async with self._changed, asyncio.timeout(seconds):
            await self._changed.wait_for(holds)

    async def send(self, kind: str, payload: Mapping[str, Any]) -> Args:
        """Delivers over the oldest socket; the acknowledgement's payload comes back."""
        envelope = f"envelope-{next(self._numbers)}"
        self._acks[envelope] = asyncio.get_running_loop().create_future()
        body = {"envelope_id": envelope, "type": kind, "payload": payload}
        await self._sockets[0].send_json({**body, "accepts_response_payload": True})
        async with asyncio.timeout(3):
            return await self._acks[envelope]

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        args = await _arguments(request)
        self.calls.append(Call(method, args))
        spoiled = self._take_spoiled(method)
        if spoiled and spoiled.retry_after is not None:
            headers = {"Retry-After": str(spoiled.retry_after)}
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers=headers
            )
        if spoiled and spoiled.error:
            return web.json_response({"ok": False, "error": spoiled.error})
        if request.headers.get("Authorization", "")[7:] not in (BOT_TOKEN, APP_TOKEN):
            return web.json_response({"ok": False, "error": "invalid_auth"})
        answer = self._answer(method, args)
        async with self._changed:
            self._changed.notify_all()
        if spoiled and spoiled.cut and request.transport:
            request.transport.close()
        return web.json_response(answer, headers={"x-oauth-scopes": self.scopes})

    def _take_spoiled(self, method: str) -> Spoiled | None:
        spoiled = self._spoiled.get(method)
        if spoiled and spoiled.times is not None:
            spoiled.times -= 1
            if spoiled.times <= 0:
                del self._spoiled[method]
        return spoiled

    def _answer(self, method: str, args: Args) -> Args:
        known: dict[str, Callable[[Args], Args]] = {
            "auth.test": self._auth_test,
            "apps.connections.open": lambda _: {"url": f"{self.url.replace('http', 'ws')}link"},
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._whisper,
            "conversations.replies": self._replies,
            "conversations.history": lambda a: {"messages": self.messages[a["channel"]][::-1]},
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._complete_upload,
        }
        quiet = {
            "reactions.add",
            "reactions.remove",
            "assistant.threads.setStatus",
            "views.open",
        }
        if method in quiet:
            return {"ok": True}
        if method not in known:
            return {"ok": False, "error": "unknown_method"}
        return {"ok": True, **known[method](args)}

    def _auth_test(self, args: Args) -> Args:
        who = {"user_id": BOT_USER, "bot_id": BOT_ID, "team_id": TEAM}
        return {**who, "user": "airflow-bot", "team": "Test", "url": self.url}

    def _post(self, args: Args) -> Args:
        if args["channel"] in self.members_only:
            return {"ok": False, "error": "not_in_channel"}
        message = {**args, "bot_id": BOT_ID, "user": BOT_USER}
        ts = self.put(args["channel"], **message)
        return {"ts": ts, "channel": args["channel"]}

    def _update(self, args: Args) -> Args:
        for message in self.messages[args["channel"]]:
            if message["ts"] == args["ts"]:
                message.update(args)
                return {"ts": args["ts"], "channel": args["channel"]}
        return {"ok": False, "error": "message_not_found"}

    def _delete(self, args: Args) -> Args:
        kept = [one for one in self.messages[args["channel"]] if one["ts"] != args["ts"]]
        self.messages[args["channel"]] = kept
        return {}

    def _whisper(self, args: Args) -> Args:
        self.whispers.append(args)
        return {"message_ts": "1700000000.999999"}

    def _replies(self, args: Args) -> Args:
        found = [
            one
            for one in self.messages[args["channel"]]
            if args["ts"] in (one["ts"], one.get("thread_ts"))
        ]
        start = int(args.get("cursor") or 0)
        end = start + min(int(args.get("limit") or 100), self.page)
        cursor = str(end) if end < len(found) else ""
        return {"messages": found[start:end], "response_metadata": {"next_cursor": cursor}}

    def _upload_url(self, args: Args) -> Args:
        number = f"F{next(self._numbers):09d}"
        self._uploads[number] = dict(args)
        return {"upload_url": f"{self.url}upload/{number}", "file_id": number}

    def _complete_upload(self, args: Args) -> Args:
        for one in args["files"]:
            placed = {name: args.get(name) for name in ("channel_id", "thread_ts")}
            self.files.append({**self._uploads[one["id"]], **placed})
        return {"files": [{"id": one["id"]} for one in args["files"]]}

    async def _upload(self, request: web.Request) -> web.Response:
        body = await request.read()
        self._uploads[request.match_info["number"]]["content"] = body.decode()
        return web.Response(text=f"OK - {len(body)}")

    async def _respond(self, request: web.Request) -> web.Response:
        self.responses.append(await request.json())
        async with self._changed:
            self._changed.notify_all()
        return web.Response(text="ok")

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self._sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                ack = json.loads(message.data)
                self._acks.pop(ack["envelope_id"]).set_result(ack.get("payload") or {})
        return socket


async def _arguments(request: web.Request) -> Args:
    if "json" in request.content_type:
        return dict(await request.json())
    args: Args = {**request.query, **(await request.post())}
    for name in ("files", "blocks", "metadata"):
        if isinstance(args.get(name), str):
            args[name] = json.loads(args[name])
    return args


@asynccontextmanager
async def fake_slack() -> AsyncIterator[FakeSlack]:
    """A running server; `url` is its address, with `api/` below it."""
    slack = FakeSlack()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", slack._api)
    app.router.add_post("/upload/{number}", slack._upload)
    app.router.add_post("/respond/{number}", slack._respond)
    app.router.add_get("/link", slack._link)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield slack
    finally:
        for socket in slack._sockets:
            await socket.close()
        await runner.cleanup()
