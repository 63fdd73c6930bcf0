"""A whole workspace on an ephemeral loopback port, for tests and for the demo."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from bot.domain.errors import BotError
from bot.playground.workspace.actors import Actors
from bot.playground.workspace.clock import Clock, SystemClock
from bot.playground.workspace.dispatch import Dispatcher, Outcome
from bot.playground.workspace.doors.authorize import Authorize
from bot.playground.workspace.doors.control import Control
from bot.playground.workspace.doors.feed import Feed
from bot.playground.workspace.doors.files import Files
from bot.playground.workspace.doors.guard import only_loopback_names
from bot.playground.workspace.doors.openid import OpenIdDoor
from bot.playground.workspace.doors.page import page_routes
from bot.playground.workspace.doors.stage import Stage
from bot.playground.workspace.doors.web_api import WebApi
from bot.playground.workspace.faults import Faults
from bot.playground.workspace.hub import Hub, Limits
from bot.playground.workspace.journal import ApiCall, Delivery
from bot.playground.workspace.response_urls import ResponseUrls
from bot.playground.workspace.signed_http import RequestUrls, SignedHttp
from bot.playground.workspace.sockets import Sockets
from bot.playground.workspace.state import State
from bot.playground.workspace.values import Message, StoredFile, View
from bot.playground.workspace.world import Credentials, World

T = TypeVar("T")

UPLOAD_MAX = 64 * 1024 * 1024
"""Bytes of one request: the workspace keeps files in memory."""


class PortTaken(BotError):
    """The port asked for is in use; the message says which."""


class LocalWorkspace:
    """Speaks Slack's protocol on loopback. Start it with `started`.

    `base_url` is for `AsyncWebClient(base_url=…)`; `socket_mode` apps need `app_token` too, HTTP
    apps `signing_secret` and a call of `use_http`.
    """

    def __init__(
        self, hub: Hub, sockets: Sockets, session: aiohttp.ClientSession, chance: random.Random
    ) -> None:
        self.hub = hub
        self.sockets = sockets
        self._session = session
        self.response_urls = ResponseUrls(hub)
        self.dispatcher = Dispatcher(hub, sockets, chance)
        self.actors = Actors(hub, self.dispatcher, self.response_urls)
        self.feed = Feed(hub, sockets)

    @classmethod
    @asynccontextmanager
    async def started(
        cls,
        world: World | None = None,
        *,
        port: int = 0,
        clock: Clock | None = None,
        limits: Limits | None = None,
        credentials: Credentials | None = None,
        seed: int = 0,
    ) -> AsyncIterator[LocalWorkspace]:
        """Listens on 127.0.0.1 until the block ends. `port` 0 takes a free one.

        Raises `PortTaken`.
        """
        hub = Hub(
            world or World(),
            credentials or Credentials.fresh(),
            clock or SystemClock(),
            limits or Limits(),
        )
        async with aiohttp.ClientSession() as session:
            # Which socket gets an envelope, how late a delivery is.
            sockets, deliveries = random.Random(seed), random.Random(seed)  # noqa: S311
            workspace = cls(hub, Sockets(hub, sockets), session, deliveries)
            runner = web.AppRunner(workspace._application(), shutdown_timeout=1.0)
            await runner.setup()
            try:
                await workspace._listen(runner, port)
                yield workspace
            finally:
                workspace.feed.close()
                await workspace.dispatcher.close()
                await workspace.sockets.close()
                await runner.cleanup()

    def _application(self) -> web.Application:
        stage = Stage(self.hub, self.actors, self.dispatcher, self.sockets)
        application = web.Application(middlewares=[only_loopback_names], client_max_size=UPLOAD_MAX)
        application.add_routes(
            [
                web.get("/link/", self.sockets.serve),
                *WebApi(self.hub).routes(),
                *Authorize(self.hub).routes(),
                *OpenIdDoor(self.hub).routes(),
                *Files(self.hub, self.response_urls).routes(),
                *Control(stage, self.feed).routes(),
                *page_routes(),
            ]
        )
        return application

    async def _listen(self, runner: web.AppRunner, port: int) -> None:
        site = web.TCPSite(runner, "127.0.0.1", port)
        try:
            await site.start()
        except OSError as error:
            raise PortTaken(
                f"port {port} on 127.0.0.1 is taken: stop what uses it or choose another"
            ) from error
        bound = runner.addresses[0][1]
        self.hub.url = f"http://127.0.0.1:{bound}"

    # Who is who

    @property
    def base_url(self) -> str:
        return f"{self.hub.url}/api/"

    @property
    def page_url(self) -> str:
        """The page with its token, which stays in the browser: fragments are never sent."""
        return f"{self.hub.url}/#token={self.hub.credentials.control_token}"

    @property
    def bot_token(self) -> str:
        return self.hub.credentials.bot_token

    @property
    def app_token(self) -> str:
        return self.hub.credentials.app_token

    @property
    def signing_secret(self) -> str:
        return self.hub.credentials.signing_secret

    @property
    def bot_user_id(self) -> str:
        return self.hub.world.app.bot_user_id

    @property
    def mention(self) -> str:
        """What to type to address the app."""
        return f"<@{self.bot_user_id}>"

    @property
    def team_id(self) -> str:
        return self.hub.world.team_id

    @property
    def faults(self) -> Faults:
        return self.hub.faults

    @property
    def state(self) -> State:
        return self.hub.state

    # Setting up

    async def use_http(
        self, events: str, commands: str | None = None, interactivity: str | None = None
    ) -> None:
        """Delivers by signed HTTP from now on, once the address gave the challenge back."""
        urls = RequestUrls(events, commands or events, interactivity or events)
        http = SignedHttp(self.hub, urls, self._session)
        await http.verify()
        self.dispatcher.transport = http

    def uninstall(self) -> None:
        """Takes the app out of the workspace; Slack says so in two events."""
        self.hub.grants.revoke()
        tokens: dict[str, list[str]] = {"oauth": [], "bot": [self.bot_user_id]}
        self.dispatcher.send_event({"type": "tokens_revoked", "tokens": tokens})
        self.dispatcher.send_event({"type": "app_uninstalled"})

    # What people do

    async def say(
        self, channel: str, user: str, text: str, thread_ts: str | None = None, *, raw: bool = False
    ) -> Message:
        """Posts as a person; `text` is as typed (`@airflow why…`), mrkdwn with `raw`."""
        return self.actors.say(channel, user, text, thread_ts, raw=raw)

    async def say_directly(self, user: str, text: str, thread_ts: str | None = None) -> Message:
        """Writes to the app in its direct-message channel."""
        return self.actors.say(self.hub.open_direct(user).id, user, text, thread_ts)

    async def press(
        self, message: Message, action_id: str, user: str | None = None, chosen: Any = None
    ) -> Outcome:
        """Uses an element of a message as `user`, by default the first person of the world."""
        return await self.actors.press(message, action_id, user or self._anybody, chosen)

    async def command(
        self, name: str, text: str = "", channel: str | None = None, user: str | None = None
    ) -> Outcome:
        place = channel or next(iter(self.state.channels))
        return await self.actors.command(name, text, place, user or self._anybody)

    async def shortcut(
        self, callback_id: str, user: str | None = None, message: Message | None = None
    ) -> Outcome:
        """Uses a global shortcut, or one on `message`."""
        return await self.actors.shortcut(callback_id, user or self._anybody, message)

    async def suggest(
        self,
        view: View,
        action_id: str,
        typed: str = "",
        values: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[dict[str, Any]]:
        """All options that the app offers for what was typed, without their groups."""
        groups = await self.actors.suggest(view.id, action_id, typed, values)
        return [option for group in groups for option in group["options"]]

    async def submit(
        self, view: View, values: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Outcome:
        return await self.actors.submit(view.id, values)

    @property
    def _anybody(self) -> str:
        return self.hub.world.people[0].id

    # What is there

    def messages(self, channel: str) -> list[Message]:
        """All messages, replies and ephemeral ones included, oldest first."""
        return list(self.state.messages[channel].values())

    def thread(self, channel: str, ts: str) -> list[Message]:
        """A root and its replies, oldest first."""
        return list(self.state.thread(channel, ts))

    def replies(self, message: Message) -> list[Message]:
        """What the thread of this message holds besides its root."""
        return list(self.state.replies(message.channel, message.root_ts))

    def current(self, message: Message) -> Message:
        """The message as it is now. Raises `NoSuchThing` where it was deleted."""
        return self.actors.message(message.channel, message.ts)

    def ephemerals(self, user: str) -> list[Message]:
        """What only `user` sees, over all channels."""
        everything = (m for channel in self.state.messages.values() for m in channel.values())
        return [message for message in everything if message.ephemeral_to == user]

    def files(self) -> list[StoredFile]:
        return list(self.state.files.values())

    def modals(self, user: str) -> list[View]:
        """The open modals of `user`, the topmost last."""
        return [view for view in self.state.modals.values() if view.user == user]

    def home(self, user: str) -> View | None:
        return self.state.homes.get(user)

    def calls(self, method: str | None = None) -> list[ApiCall]:
        """The Web API calls so far, oldest first."""
        return [call for call in self.hub.journal.calls if method in (None, call.method)]

    def deliveries(self, name: str | None = None) -> list[Delivery]:
        """The attempts to hand something over so far, oldest first."""
        return [entry for entry in self.hub.journal.deliveries if name in (None, entry.name)]

    # Waiting

    async def wait_for(self, look: Callable[[], T | None], seconds: float = 30.0) -> T:
        """What `look` returns as soon as it is true; looks again whenever anything happens.

        Raises TimeoutError with the latest calls and deliveries, to see what happened instead.
        """
        moved = asyncio.Event()
        stop = self.hub.listen(lambda _: moved.set())
        try:
            async with asyncio.timeout(seconds):
                while not (found := look()):
                    moved.clear()
                    await moved.wait()
                return found
        except TimeoutError:
            raise TimeoutError(f"nothing within {seconds:g} s. {self._lately()}") from None
        finally:
            stop()

    async def wait_for_reply(self, message: Message, seconds: float = 30.0) -> Message:
        """The app's first message in the thread of `message` (in a DM also beside it)."""

        def look() -> Message | None:
            return next((m for m in self.replies(message) if m.bot_id), None)

        return await self.wait_for(look, seconds)

    async def wait_for_app(self, connections: int = 1, seconds: float = 30.0) -> None:
        """Waits until the app is connected by Socket Mode."""
        await self.wait_for(lambda: self.sockets.connections >= connections, seconds)

    def _lately(self) -> str:
        calls = [
            f"{call.method} -> {call.response.get('error') or call.status}"
            for call in self.calls()[-8:]
        ]
        sent = [f"{entry.name} -> {entry.reason or 'taken'}" for entry in self.deliveries()[-8:]]
        return json.dumps({"latest calls": calls, "latest deliveries": sent})
