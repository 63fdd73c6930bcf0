"""Messages to Slack: posted once, changed in place, and as good as the workspace can take them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.arrivals import Place
from bot.slack.blocks.message import SlackMessage
from bot.slack.refusals import BAD_BLOCKS, NOT_EDITABLE, UNSURE, code_of, is_unsure

log = structlog.get_logger(__name__)

METADATA_EVENT = "airflow_support_bot_reply"
_LOOK_BACK = 200  # messages searched for one that may have been posted
# Nothing in a message is turned into a link, a call or a preview by Slack itself.
_INERT = {"parse": "none", "unfurl_links": False, "unfurl_media": False}


class Outgoing:
    """Posts, changes and whispers. Raises `SlackApiError` for what Slack refuses outright."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._knows_feedback = True

    async def post(
        self, channel: str, message: SlackMessage, *, thread: str | None, key: str
    ) -> str:
        """Posts and returns the ts. `key` marks the message, so that after a call of unknown
        outcome it is looked for rather than posted twice."""
        arguments = {
            "channel": channel,
            "thread_ts": thread,
            "metadata": _mark(key),
        }
        try:
            reply = await self._send("chat.postMessage", message, arguments)
        except (SlackApiError, *UNSURE) as error:
            if not is_unsure(error):
                raise
            log.warning("slack.post_unsure", error=type(error).__name__)
            if found := await self._find(channel, thread, key):
                return found
            reply = await self._send("chat.postMessage", message, arguments)
        return str(reply["ts"])

    async def _find(self, channel: str, thread: str | None, key: str) -> str | None:
        """The ts of the message with that key. Raises where it cannot be looked for."""
        if thread is None:
            found = await self._client.conversations_history(
                channel=channel, limit=_LOOK_BACK, include_all_metadata=True
            )
        else:
            # Ours would be among the last of a long thread.
            found = await self._client.conversations_replies(
                channel=channel, ts=thread, limit=_LOOK_BACK, include_all_metadata=True
            )
        for message in found.get("messages") or []:
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload.get("key") == key:
                return str(message["ts"])
        return None

    async def update(
        self, channel: str, ts: str, message: SlackMessage, *, key: str | None = None
    ) -> bool:
        """Changes a message, and with `key` its mark; False where it is gone or closed to edits."""
        arguments = {"channel": channel, "ts": ts, "metadata": _mark(key) if key else None}
        try:
            try:
                await self._send("chat.update", message, arguments)
            except (SlackApiError, *UNSURE) as error:
                if not is_unsure(error):
                    raise
                # The same text twice is the same message: safe to repeat.
                await self._send("chat.update", message, arguments)
        except SlackApiError as error:
            if code_of(error) in NOT_EDITABLE:
                return False
            raise
        return True

    async def whisper(self, place: Place, message: SlackMessage) -> None:
        """Shows `message` to one person only, in the thread if there is one."""
        if place.response_url and (place.is_private or place.thread is None):
            await self.respond(place.response_url, message)
            return
        arguments = {"channel": place.channel, "user": place.user, "thread_ts": place.thread}
        await self._send("chat.postEphemeral", message, arguments)

    async def respond(self, url: str, message: SlackMessage, *, replace: bool = False) -> None:
        """Answers through a `response_url`, which works where the bot is no member.

        `replace` puts it in place of the message whose button gave the address.
        """
        client = AsyncWebhookClient(
            url,
            timeout=int(self._client.timeout),
            session=self._client.session,
            retry_handlers=[AsyncRateLimitErrorRetryHandler()],
            logger=logging.getLogger("bot.slack.sdk"),
        )
        refusal = ""
        for variant in self._variants(message):
            body = {
                **_INERT,
                "response_type": "ephemeral",
                "replace_original": replace,
                "text": variant.text,
                "blocks": list(variant.blocks),
            }
            reply = await client.send_dict(body)
            if reply.status_code == 200:
                return
            refusal = f"{reply.status_code} {reply.body[:100]}"
            if not any(code in reply.body for code in BAD_BLOCKS):
                break
        raise SlackClientError(f"the response_url answered {refusal}")

    async def _send(
        self, method: str, message: SlackMessage, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Sends with native feedback buttons, else with plain ones, else as bare text."""
        common = {name: value for name, value in arguments.items() if value is not None}
        refusal: SlackApiError | None = None
        for variant in self._variants(message):
            body = {**common, **_INERT, "text": variant.text, "blocks": list(variant.blocks)}
            try:
                reply = await self._client.api_call(method, json=body)
            except SlackApiError as error:
                if code_of(error) not in BAD_BLOCKS:
                    raise
                log.warning("slack.blocks_refused", method=method, error=code_of(error))
                refusal = error
                continue
            if refusal is not None and variant.blocks:
                self._knows_feedback = False
            return reply.data if isinstance(reply.data, dict) else {}
        raise refusal or SlackClientError(f"{method}: nothing to send")

    def _variants(self, message: SlackMessage) -> list[SlackMessage]:
        if not message.blocks:
            return [message]
        plain = message.with_plain_feedback()
        native = [message] if self._knows_feedback and plain != message else []
        return [*native, plain, message.text_only()]


def _mark(key: str) -> Mapping[str, Any]:
    return {"event_type": METADATA_EVENT, "event_payload": {"key": key}}
