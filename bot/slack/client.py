"""Slack's Web API client as we use it: it counts its calls, and repeats none but those refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.services.at_work import span
from bot.services.no_meter import NoMeter
from bot.services.ports import Meter
from bot.slack.config import SlackConfig, TokenSource
from bot.slack.refusals import UNSURE, ResponseUrlRefused, code_of, is_rate_limit, is_unsure
from bot.slack.workspaces import workspace_here

_RATE_LIMIT_RETRIES = 3
_RATE_LIMITED = "rate_limited"
_EXPIRED = "token_expired"
_SO_ALREADY = frozenset({"already_reacted", "no_reaction"})


# Messages wait in their queue, gestures are left out, reading is a step that is tried again.
_NOT_WAITED_FOR = (
    "assistant.threads.",
    "chat.",
    "conversations.",
    "reactions.",
    "response_url",
    "views.",
)


class CountedWaits(AsyncRateLimitErrorRetryHandler):
    """Sleeps for as long as Slack asks, where nobody else sees to that; counts it each time."""

    def __init__(self, meter: Meter) -> None:
        super().__init__(max_retry_count=_RATE_LIMIT_RETRIES)
        self._meter = meter

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if _method_of(request.url).startswith(_NOT_WAITED_FOR):
            return False
        return await super()._can_retry_async(
            state=state, request=request, response=response, error=error
        )

    async def prepare_for_next_attempt_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        self._meter.slack_call(_method_of(request.url), _RATE_LIMITED)
        await super().prepare_for_next_attempt_async(
            state=state, request=request, response=response, error=error
        )


class CountedClient(AsyncWebClient):
    """Tells a meter how each call ended."""

    def __init__(self, meter: Meter, **options: Any) -> None:
        super().__init__(**options)
        self._meter = meter

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        try:
            with span(f"slack {api_method}"):
                reply = await super().api_call(api_method, **arguments)
        except (SlackClientError, *UNSURE) as error:
            self._meter.slack_call(api_method, outcome_of(error))
            raise
        self._meter.slack_call(api_method, "ok")
        return reply


class InstalledClient(CountedClient):
    """Makes each call with the token of the workspace in which it is made."""

    def __init__(self, tokens: TokenSource, meter: Meter, **options: Any) -> None:
        super().__init__(meter, **options)
        self._tokens = tokens

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        here = workspace_here()
        try:
            return await self._call(here, api_method, arguments)
        except SlackApiError as error:
            if code_of(error) != _EXPIRED:
                raise
        # Such a call did nothing; another process may have had the token changed.
        self._tokens.forget(here)
        return await self._call(here, api_method, arguments)

    async def _call(self, here: str, api_method: str, arguments: Any) -> AsyncSlackResponse:
        headers = dict(arguments.get("headers") or {})
        headers["Authorization"] = f"Bearer {await self._tokens.token(here)}"
        return await super().api_call(api_method, **{**arguments, "headers": headers})


def web_client(config: SlackConfig, token: str, meter: Meter | None = None) -> AsyncWebClient:
    """Nothing is repeated by itself but what met a rate limit: the SDK's way of repeating a call
    whose connection broke posts twice. Without a `token` each workspace has its own."""
    meter = meter or NoMeter()
    if not token and config.tokens is not None:
        make: Callable[..., AsyncWebClient] = partial(InstalledClient, config.tokens)
    else:
        make = CountedClient
    return make(
        meter,
        token=token or None,
        base_url=config.api_url,
        timeout=int(config.call_timeout),
        retry_handlers=[CountedWaits(meter)],
        logger=sdk_logger(),
    )


def sdk_logger() -> logging.Logger:
    """Bolt and the SDK log payloads below this level."""
    logger = logging.getLogger("bot.slack.sdk")
    logger.setLevel(logging.WARNING)
    return logger


def _method_of(url: str) -> str:
    """The method that an address calls; a `response_url` has secrets in it."""
    _, is_api, method = url.partition("/api/")
    return method if is_api else "response_url"


def outcome_of(error: Exception) -> str:
    """In the words of `Meter.slack_call`; Slack's own word for it is in the log."""
    turned_away = (
        isinstance(error, ResponseUrlRefused) and error.status == HTTPStatus.TOO_MANY_REQUESTS
    )
    if turned_away or is_rate_limit(error):
        return _RATE_LIMITED
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientError):
        return "unreachable"
    if isinstance(error, SlackApiError) and code_of(error) in _SO_ALREADY:
        return "ok"
    return "failed" if is_unsure(error) else "refused"
