"""The Slack side while it runs: opened, connected, let go of, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import BotError, ConfigError
from bot.services.ports import DurableSteps
from bot.slack.channel_homes import ChannelHomes
from bot.slack.client import web_client
from bot.slack.config import SlackConfig
from bot.slack.escalation_missed import Missed
from bot.slack.gestures import Gestures
from bot.slack.inbox import Inbox
from bot.slack.kept import TYPES
from bot.slack.refusals import UNSURE, SlackUnavailable, is_passing, wait_asked_for, word_for
from bot.slack.several import WorkspaceApp
from bot.slack.socket_mode import SocketMode
from bot.slack.workspaces import in_workspace

log = structlog.get_logger(__name__)

T = TypeVar("T")
Handler = Callable[[Any, DurableSteps], Awaitable[Any]]

# Half a minute where Slack refuses, and up to two where each try waits in vain for its answer.
# Whoever runs the bot starts it again after that.
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)

# Seconds for Slack to close its side of the connection; what is under way waits to be ended.
_LEAVING = 2.0


@dataclass(frozen=True, slots=True)
class Door:
    """Where events come in: the Bolt app, and the inbox that each of them passes first."""

    app: AsyncApp
    inbox: Inbox


class SlackSide:
    """The app with what lives as long as it does: open it, let events in, close it.

    `handlers` do the jobs of this process by kind: none where others work.
    """

    def __init__(
        self,
        config: SlackConfig,
        client: AsyncWebClient,
        gestures: Gestures,
        handlers: Mapping[str, Handler],
        door: Door | None,
        sleep: Callable[[float], Awaitable[None]],
        missed: Missed | None = None,
    ) -> None:
        self._homes = ChannelHomes(client, config)
        self.config = config
        self.handlers = handlers
        self.types = TYPES
        self._client = client
        self._gestures = gestures
        self._door = door
        self._sleep = sleep
        self._missed = missed
        self._socket: SocketMode | None = None

    async def workspace(self, channel: str) -> str:
        """The id of the one in which a channel is that the settings name. Raises `BotError`, or
        what Slack says."""
        home = await self._homes.of(channel)
        return home or (await self._gestures.identity()).team_id

    async def team_id(self) -> str:
        """The id of the workspace that this is. Raises `SlackUnavailable`."""
        try:
            return (await self._gestures.identity()).team_id
        except (SlackClientError, *UNSURE) as error:
            raise SlackUnavailable(word_for(error)) from error

    @property
    def gestures(self) -> Gestures:
        """What can be done in Slack besides posting."""
        return self._gestures

    @property
    def app(self) -> AsyncApp:
        """What Slack's requests are handed to. Raises `RuntimeError` where nothing is taken in."""
        if self._door is None:
            raise RuntimeError("this process takes nothing in: build it with Services.taking_in")
        if self.config.tokens is None:
            return self._door.app
        return WorkspaceApp(self._door.app, self.config.tokens)

    async def open(self) -> None:
        """Makes sure that Slack knows the bot token, where there is one for all.

        Raises `ConfigError` where Slack refuses the token, `BotError` where it does not answer.
        """
        # One connection pool for all calls: without it each of them greets Slack anew.
        timeout = aiohttp.ClientTimeout(total=self.config.call_timeout)
        self._client.session = aiohttp.ClientSession(timeout=timeout)
        if self.config.tokens is None:
            await self._patiently("slack.bot_token", self._gestures.identity)

    async def connect(self) -> None:
        """Opens Socket Mode and returns; events arrive from then on. Raises like `open`."""
        if not self.config.app_token:
            raise ConfigError(["slack.app_token: Socket Mode needs an app-level token (xapp-…)"])
        token = self.config.app_token
        self._socket = SocketMode(self.app, token, web_client(self.config, token))
        client = self._socket.client
        # Asked for here, since the SDK would go on for ever with a token that is refused.
        client.wss_uri = await self._patiently("slack.app_token", client.issue_new_wss_url)
        await client.connect()
        log.info("slack.connected", mode="socket")

    async def is_connected(self) -> bool:
        """Whether events can arrive by Socket Mode now."""
        return self._socket is not None and await self._socket.client.is_connected()

    async def catch_up(self) -> None:
        """Takes in what was said in the threads of escalations while nobody listened. Raises
        `BotError`."""
        tokens, home = self.config.tokens, self.config.workspace

        async def is_installed(workspace: str) -> bool:
            return tokens is None or await tokens.is_installed(workspace or home)

        if self._missed is not None:
            with in_workspace(home):
                await self._missed.catch_up(is_installed)

    async def stop_taking(self) -> None:
        """Takes nothing more in: Slack delivers it to another process, or later. Work under way can
        still speak."""
        if self._door is not None:
            self._door.inbox.is_open = False
        if self._socket is not None:
            socket, self._socket = self._socket, None
            try:
                async with asyncio.timeout(_LEAVING):
                    await socket.client.close()  # type: ignore[no-untyped-call]
            except TimeoutError:
                log.warning("slack.left_without_goodbye")
                await socket.client.aiohttp_client_session.close()

    async def close(self) -> None:
        """After the work has ended: nobody can speak from now on."""
        await self.stop_taking()
        if self._client.session is not None:
            await self._client.session.close()

    async def _patiently(self, key: str, call: Callable[[], Awaitable[T]]) -> T:
        """The result of `call`; Slack may be in trouble just when we start.

        Raises `ConfigError` where it refuses the token under `key`, and `BotError` where it stays
        in trouble or nothing listens at its address.
        """
        for pause in (*_PAUSES, None):
            try:
                return await call()
            except (SlackApiError, *UNSURE) as error:
                if not is_passing(error):
                    raise ConfigError([f"{key}: Slack refused it ({word_for(error)})"]) from error
                if pause is None or isinstance(error, aiohttp.ClientConnectorError):
                    raise self._unavailable(error) from error
                log.warning("slack.not_available_yet", error=word_for(error))
                await self._sleep(max(pause, wait_asked_for(error)))
        raise AssertionError("the last try returns or raises")

    def _unavailable(self, error: Exception) -> BotError:
        return BotError(
            f"Slack does not answer at {self.config.api_url} ({word_for(error)}). "
            "Check slack.api_url and the way there."
        )
