"""What a workspace refuses: told apart by Slack's words, and remembered where it is for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError

log = structlog.get_logger(__name__)

UNSURE = (aiohttp.ClientError, TimeoutError)
"""Errors of the connection after which a call may or may not have been carried out."""

_UNREADABLE = "unreadable_reply"
# Slack says of the first four that some of it may have been done before the error.
_MAYBE_DONE = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable", _UNREADABLE}
)

BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
NOT_A_MEMBER = frozenset({"channel_not_found", "not_in_channel"})
NOT_EDITABLE = frozenset(
    {"cant_update_message", "channel_not_found", "edit_window_closed", "message_not_found"}
)
# Refused today means refused tomorrow: not asked for again by this process.
_FOR_GOOD = {
    "feature_not_enabled",
    "method_deprecated",
    "missing_scope",
    "not_allowed_token_type",
    "unknown_method",
}


def code_of(error: SlackApiError) -> str:
    """Slack's word for what went wrong."""
    # A gateway's error page comes as text, an empty body as nothing at all.
    reply = getattr(error.response, "data", error.response)
    code = reply.get("error") if isinstance(reply, Mapping) else None
    return str(code or _UNREADABLE)


def is_unsure(error: BaseException) -> bool:
    """Whether the call may have been carried out all the same."""
    if isinstance(error, SlackApiError):
        return code_of(error) in _MAYBE_DONE
    return isinstance(error, UNSURE)


class Refusals:
    """Carries out calls that an answer does not depend on, and learns which are in vain."""

    def __init__(self) -> None:
        self._for_good: set[str] = set()

    async def attempt(
        self,
        method: str,
        call: Callable[[], Awaitable[Any]],
        fine: frozenset[str] = frozenset(),
    ) -> Any:
        """The reply of `call`, None where Slack did not do it; errors in `fine` count as done."""
        if method in self._for_good:
            return None
        try:
            return await call()
        except SlackApiError as error:
            code = code_of(error)
            if code in fine:
                return error.response
            if code in _FOR_GOOD:
                self._for_good.add(method)
            log.warning("slack.call_refused", method=method, error=code)
        except (*UNSURE, SlackClientError) as error:
            log.warning("slack.call_failed", method=method, error=type(error).__name__)
        return None
