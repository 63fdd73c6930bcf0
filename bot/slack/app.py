"""Puts the Slack side together: the Bolt app, its one middleware, its surfaces and its errors."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import structlog
from slack_bolt import BoltResponse
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import BotError, ConfigError
from bot.slack.arrivals import Identity
from bot.slack.channel import Style
from bot.slack.config import SlackConfig
from bot.slack.desk import Answers, Desk, Records
from bot.slack.door import Door
from bot.slack.gestures import Gestures
from bot.slack.inbox import Inbox, arrival_of
from bot.slack.once import Once
from bot.slack.outgoing import Outgoing
from bot.slack.parse import Parser, Redact
from bot.slack.refusals import UNSURE, code_of
from bot.slack.replies import Replies
from bot.slack.surfaces import all_surfaces
from bot.slack.tasks import Engaged, TaskDesk

log = structlog.get_logger(__name__)

_RATE_LIMIT_RETRIES = 3


@dataclass(frozen=True, slots=True)
class Services:
    """What the Slack side needs of the rest. `now` gives aware UTC times; `new_reference` the ids
    that an apology and the log share."""

    answers: Answers
    records: Records
    engaged: Engaged
    redact: Redact
    now: Callable[[], datetime]
    new_reference: Callable[[], str]


class SlackSide:
    """The app with what lives as long as it does: open it, let events in, close it."""

    def __init__(
        self, config: SlackConfig, app: AsyncApp, desk: TaskDesk, gestures: Gestures
    ) -> None:
        self.config = config
        self.app = app
        self.desk = desk
        self._gestures = gestures
        self._socket: AsyncSocketModeHandler | None = None

    async def open(self) -> Identity:
        """Makes sure that Slack knows the bot token, and says who we are there.

        Raises `ConfigError` where Slack refuses the token, `BotError` where it does not answer.
        """
        # One connection pool for all calls: without it each of them greets Slack anew.
        timeout = aiohttp.ClientTimeout(total=self.config.call_timeout)
        self.app.client.session = aiohttp.ClientSession(timeout=timeout)
        async with self._said_clearly("slack.bot_token"):
            return await self._gestures.identity()

    async def connect(self) -> None:
        """Opens Socket Mode and returns; events arrive from then on. Raises like `open`."""
        if not self.config.app_token:
            raise ConfigError(["slack.app_token: Socket Mode needs an app-level token (xapp-…)"])
        self._socket = AsyncSocketModeHandler(
            self.app,
            self.config.app_token,
            web_client=web_client(self.config, self.config.app_token),
            logger=_sdk_logger(),
        )
        socket = self._socket.client
        async with self._said_clearly("slack.app_token"):
            # Asked for here, since the SDK would go on for ever with a token that is refused.
            socket.wss_uri = await socket.issue_new_wss_url()
        await socket.connect()  # type: ignore[no-untyped-call]
        log.info("slack.connected", mode="socket")

    async def is_connected(self) -> bool:
        """Whether events can arrive by Socket Mode now."""
        return self._socket is not None and await self._socket.client.is_connected()

    async def close(self) -> None:
        """Takes nothing more, lets what is under way end, and says so where it cannot."""
        if self._socket is not None:
            await self._socket.client.close()  # type: ignore[no-untyped-call]
        await self.desk.close(self.config.farewell)
        session = self.app.client.session
        if session is not None:
            await session.close()

    @asynccontextmanager
    async def _said_clearly(self, key: str) -> AsyncIterator[None]:
        try:
            yield
        except SlackApiError as error:
            raise ConfigError([f"{key}: Slack refused it ({code_of(error)})"]) from error
        except UNSURE as error:
            where = self.config.api_url
            raise BotError(
                f"Slack does not answer at {where} ({type(error).__name__}). "
                "Check slack.api_url and the way there."
            ) from error


def build_slack(config: SlackConfig, services: Services) -> SlackSide:
    """The Slack side over `services`; nothing is sent before it is opened."""
    client = web_client(config, config.bot_token)
    door = Door(services.new_reference)
    gestures = Gestures(client)
    style = Style(config.has_model, config.progress_every)
    replies = Replies(Outgoing(client), gestures, services.redact, style)
    desk = TaskDesk(
        services.answers, services.records, services.engaged, replies, door, config.turns_at_once
    )
    parser = Parser(services.redact, services.now, config.origin, config.command)
    app = build_app(config, client, desk, replies, door, Inbox(parser, Once()))
    return SlackSide(config, app, desk, gestures)


def build_app(
    config: SlackConfig,
    client: AsyncWebClient,
    desk: Desk,
    replies: Replies,
    door: Door,
    inbox: Inbox,
) -> AsyncApp:
    """The Bolt app: `inbox` sees every payload first, then the surfaces' listeners."""
    app = AsyncApp(
        name="airflow-support-bot",
        client=client,
        signing_secret=config.signing_secret,
        logger=_sdk_logger(),
        # Listeners only hand over, so the acknowledgement can be truthful: it says that the
        # work was taken on. It also spares Bolt's wait of 10 ms before each answer.
        process_before_response=True,
        attaching_conversation_kwargs_enabled=False,
    )
    app.use(inbox.receive)
    for surface in all_surfaces():
        surface.register(app, desk, config.command)

    async def failed(error: Exception, context: AsyncBoltContext) -> BoltResponse:
        channel = replies.beside(arrival_of(context))
        if channel is None:
            door.note(error)
        else:
            await door.apologise(error, channel)
            if channel.answered:
                return BoltResponse(status=200)
        # Nobody was told: Slack is to deliver it again.
        inbox.give_back(context)
        return BoltResponse(status=500)

    app.error(failed)
    return app


def web_client(config: SlackConfig, token: str) -> AsyncWebClient:
    """Waits out Slack's rate limits. Nothing else is retried by itself: the SDK's way of
    repeating a call whose connection broke posts twice."""
    return AsyncWebClient(
        token=token,
        base_url=config.api_url,
        timeout=int(config.call_timeout),
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=_RATE_LIMIT_RETRIES)],
        logger=_sdk_logger(),
    )


def _sdk_logger() -> logging.Logger:
    """Bolt and the SDK log payloads below this level."""
    logger = logging.getLogger("bot.slack.sdk")
    logger.setLevel(logging.WARNING)
    return logger
