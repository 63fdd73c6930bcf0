"""The Bolt app: who Slack's requests are for, and in which order they are heard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import BotError
from bot.slack.client import sdk_logger
from bot.slack.config import SlackConfig
from bot.slack.forms import Forms
from bot.slack.gestures import Gestures
from bot.slack.inbox import Inbox, arrival_of
from bot.slack.refusals import code_of
from bot.slack.surfaces import all_surfaces

log = structlog.get_logger(__name__)


class _First(AsyncMiddleware):
    """The inbox as Bolt's own kind of middleware: for a mere function it would look up a score of
    arguments with each request."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 -- named by Bolt
    ) -> BoltResponse | None:
        return await self._inbox.receive(req.body, req, req.context, next)


def build_app(config: SlackConfig, inbox: Inbox, forms: Forms, gestures: Gestures) -> AsyncApp:
    """The Bolt app: `inbox` sees every payload first, then the surfaces' listeners."""

    async def authorize() -> AuthorizeResult:
        """Bolt's own way acknowledges an event when Slack does not tell it who we are."""
        try:
            identity = await gestures.identity()
        except SlackApiError as error:
            raise BotError(f"Slack does not say who the bot is ({code_of(error)})") from error
        return AuthorizeResult(
            enterprise_id=identity.enterprise_id or None,
            team_id=identity.team_id,
            bot_user_id=identity.user_id,
            bot_id=identity.bot_id,
            bot_token=config.bot_token,
        )

    app = AsyncApp(
        name="airflow-support-bot",
        client=AsyncWebClient(base_url=config.api_url, retry_handlers=[], logger=sdk_logger()),
        authorize=authorize,
        signing_secret=config.signing_secret,
        logger=sdk_logger(),
        # The acknowledgement says that the work was taken on. It also spares Bolt's wait of 10 ms
        # before each answer.
        process_before_response=True,
        attaching_conversation_kwargs_enabled=False,
    )
    app.use(_First(inbox))
    for surface in all_surfaces():
        surface.register(app, forms, config.command)

    async def failed(error: Exception, context: AsyncBoltContext) -> BoltResponse:
        taken = arrival_of(context) is not None
        log.error("slack.listener_failed", taken=taken, exc_info=error)
        # What was not taken on is to be delivered again; what was, is safe whatever broke later.
        return BoltResponse(status=200 if taken else 500)

    app.error(failed)
    return app
