"""What a workspace refuses: told apart by Slack's words, and remembered where it is for good."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.domain.errors import BotError
from bot.slack.workspaces import workspace_here

log = structlog.get_logger(__name__)

UNSURE = (aiohttp.ClientError, TimeoutError)
"""Errors of the connection after which a call may or may not have been carried out."""

_UNREADABLE = "unreadable_reply"
# Slack says of the first four that some of it may have been done before the error.
_MAYBE_DONE = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", _UNREADABLE}
)
_RATE_LIMITS = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
# An organisation is being moved: Slack says to try again later.
_FOR_NOW = frozenset({"team_added_to_org"})

BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
MAY_NOT_ASK = frozenset(
    {"channel_not_found", "missing_scope", "not_allowed_token_type", "unknown_method"}
)
"""The app was never allowed to ask, as with any app of few scopes, or is not in the channel."""
NOT_A_MEMBER = frozenset({"channel_not_found", "not_in_channel"})
NOT_EDITABLE = frozenset(
    {"cant_update_message", "channel_not_found", "edit_window_closed", "message_not_found"}
)
# Something else may still be said in that place.
_ABOUT_THE_MESSAGE = BAD_BLOCKS | {
    "invalid_arguments",
    "invalid_metadata_format",
    "metadata_too_large",
    "msg_too_long",
    "no_text",
}
# Refused today means refused tomorrow: not asked for again by this process.
_FOR_GOOD = {
    "feature_not_enabled",
    "method_deprecated",
    "missing_scope",
    "not_allowed_token_type",
    "unknown_method",
}
_LONGEST_WAIT = 300.0


def is_for_good(error: SlackApiError) -> bool:
    """Whether the workspace will never take this call, whatever it is about."""
    return code_of(error) in _FOR_GOOD


class SlackRefused(BotError):
    """Slack will not take this message, now or later; `code` is its word for why."""

    final = True

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)

    @property
    def closes_the_place(self) -> bool:
        """Whether nothing at all can be said there: archived, left, token revoked and the like."""
        return self.code not in _ABOUT_THE_MESSAGE


class SlackUnavailable(BotError):
    """Slack did certainly not do it, and may do so later."""


class ResponseUrlRefused(SlackClientError):
    """A `response_url` answered otherwise than with 200. `wait`: as long as it asked for."""

    def __init__(self, status: int, body: str, wait: float = 0.0) -> None:
        self.status = status
        self.wait = wait
        super().__init__(f"the response_url answered {status} {body[:100]}")


class LeftAlone(SlackClientError):
    """Not asked for: Slack wants no such call for `wait` seconds more."""

    def __init__(self, wait: float) -> None:
        self.wait = wait
        super().__init__(f"Slack wants to be left alone for {wait:.0f} s more")


def code_of(error: SlackApiError) -> str:
    """Slack's word for what went wrong."""
    # A gateway's error page comes as text, an empty body as nothing at all.
    reply = getattr(error.response, "data", error.response)
    code = reply.get("error") if isinstance(reply, Mapping) else None
    return str(code or _UNREADABLE)


def word_for(error: Exception) -> str:
    """What to call an error in a log, short and without anything secret."""
    if isinstance(error, SlackApiError):
        return code_of(error)
    return f"http_{error.status}" if isinstance(error, ResponseUrlRefused) else type(error).__name__


def is_unsure(error: BaseException) -> bool:
    """Whether the call may have been carried out all the same."""
    if isinstance(error, SlackApiError):
        status = getattr(error.response, "status_code", 200)
        return code_of(error) in _MAYBE_DONE or status >= 500
    if isinstance(error, ResponseUrlRefused):
        return error.status >= 500
    # Where no connection came about, nothing was sent.
    return isinstance(error, UNSURE) and not isinstance(error, aiohttp.ClientConnectorError)


def is_rate_limit(error: BaseException) -> bool:
    if isinstance(error, LeftAlone):
        return True
    return isinstance(error, SlackApiError) and code_of(error) in _RATE_LIMITS


def is_passing(error: BaseException) -> bool:
    """Whether the same call may go through later."""
    if isinstance(error, SlackApiError) and code_of(error) in _FOR_NOW:
        return True
    if isinstance(error, ResponseUrlRefused) and error.status == 429:
        return True
    return is_rate_limit(error) or isinstance(error, UNSURE) or is_unsure(error)


def wait_asked_for(error: BaseException) -> float:
    """Seconds that Slack wants to be left alone, 0 where it did not say."""
    if isinstance(error, ResponseUrlRefused | LeftAlone):
        return error.wait
    if not is_rate_limit(error):
        return 0.0
    return wait_in(getattr(getattr(error, "response", None), "headers", None) or {})


def wait_in(headers: Mapping[str, Any]) -> float:
    """The seconds of a `Retry-After`, 0 where there is none."""
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return min(float(said), _LONGEST_WAIT) if str(said).isdecimal() else 0.0


class Tried(StrEnum):
    """What came of a call that an answer does not depend on."""

    DONE = "done"
    REFUSED = "refused"  # and would be again
    FAILED = "failed"  # certainly not done, this time
    UNSURE = "unsure"


# Longer than this nobody waits for a mere gesture.
_SECONDS = 3.0
_PAUSES = (1.0, 3.0, 9.0)


class Refusals:
    """Carries out calls that an answer does not depend on, and learns which are in vain."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._for_good: set[tuple[str, str]] = set()

    async def attempt(
        self,
        method: str,
        call: Callable[[], Awaitable[Any]],
        fine: frozenset[str] = frozenset(),
        seconds: float = _SECONDS,
    ) -> Tried:
        """Tries once, for `seconds` at most; errors in `fine` count as done."""
        tried, _ = await self._attempt(method, call, fine, seconds)
        return tried

    async def insist(
        self,
        method: str,
        call: Callable[[], Awaitable[Any]],
        fine: frozenset[str] = frozenset(),
    ) -> Tried:
        """The same some seconds longer: for what takes a sign away that would stand for ever."""
        for pause in _PAUSES:
            tried, wait = await self._attempt(method, call, fine, _SECONDS)
            if tried in (Tried.DONE, Tried.REFUSED):
                return tried
            await self._sleep(max(pause, min(wait, _PAUSES[-1])))
        return await self.attempt(method, call, fine)

    async def _attempt(
        self,
        method: str,
        call: Callable[[], Awaitable[Any]],
        fine: frozenset[str],
        seconds: float,
    ) -> tuple[Tried, float]:
        """What came of it, and for how long Slack wants to be left alone."""
        if (workspace_here(), method) in self._for_good:
            return Tried.REFUSED, 0.0
        try:
            async with asyncio.timeout(seconds):
                await call()
        except (SlackClientError, *UNSURE) as error:
            return self._came_to(method, error, fine), wait_asked_for(error)
        return Tried.DONE, 0.0

    def _came_to(self, method: str, error: Exception, fine: frozenset[str]) -> Tried:
        word = word_for(error)
        if word in fine:
            return Tried.DONE
        if word in _FOR_GOOD:
            self._for_good.add((workspace_here(), method))
        log.warning("slack.call_not_done", method=method, error=word)
        if is_unsure(error):
            return Tried.UNSURE
        return Tried.FAILED if is_passing(error) else Tried.REFUSED
