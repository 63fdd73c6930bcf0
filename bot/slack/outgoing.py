"""Messages to Slack: posted, changed in place, and as good as the workspace can take them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.services.no_meter import NoMeter
from bot.services.ports import Meter
from bot.slack.arrivals import Identity, Place
from bot.slack.blocks.message import SlackMessage
from bot.slack.client import outcome_of, sdk_logger
from bot.slack.pace import Pace
from bot.slack.posts import WORKING, Mark, Standing, newest, order_of
from bot.slack.refusals import (
    BAD_BLOCKS,
    NOT_EDITABLE,
    UNSURE,
    ResponseUrlRefused,
    code_of,
    is_passing,
    wait_asked_for,
    wait_in,
)
from bot.slack.workspaces import workspace_here

log = structlog.get_logger(__name__)

METADATA_EVENT = "airflow_support_bot_reply"
_PAGE = 200
_PAGES = 100
# Nothing in a message is turned into a link, a call or a preview by Slack itself.
_INERT = {"parse": "none", "unfurl_links": False, "unfurl_media": False}


class Outgoing:
    """One call for each method: whoever calls decides what to do about a call of unknown outcome.

    Raises `SlackClientError` for what Slack refuses and `UNSURE` where the connection broke. While
    Slack wants to be left alone it is not called: each method then raises `LeftAlone`.
    """

    def __init__(
        self, client: AsyncWebClient, meter: Meter | None = None, pace: Pace | None = None
    ) -> None:
        self.client = client
        self._meter = meter or NoMeter()
        self._pace = pace or Pace()
        # Workspaces in which such blocks were refused, and the same message passed without them.
        self._without_new_blocks: set[str] = set()
        self._without_plans: set[str] = set()

    async def post(
        self,
        channel: str,
        message: SlackMessage,
        *,
        thread: str | None,
        mark: Mark,
        is_for_channel: bool = False,
    ) -> str:
        """Posts and returns the ts; what is said in a thread is shown in its channel as well where
        that `is_for_channel`."""
        arguments: dict[str, Any] = {
            "channel": channel,
            "thread_ts": thread,
            "metadata": metadata_of(mark),
            "reply_broadcast": True if is_for_channel and thread else None,
        }
        reply = await self._send("chat.postMessage", message, arguments)
        return str(reply["ts"])

    async def find(
        self,
        channel: str,
        thread: str | None,
        key: str,
        *,
        since: float,
        me: Identity,
        unmarked_after: str | None = None,
    ) -> Standing | None:
        """The newest message of ours with that key, of those posted after `since` (epoch seconds).

        With `unmarked_after`, a ts, a growing message that has no mark yet counts as well, where it
        came later. Looks through every page.
        """
        marked, growing = [], []
        async for message in self._messages(channel, thread, since):
            if (standing := _recognised(message, key, me)) is not None:
                marked.append(standing)
            elif unmarked_after and _is_unmarked(message, me, unmarked_after):
                growing.append(Standing(str(message["ts"]), WORKING))
        return newest(marked) or newest(growing)

    async def _messages(
        self, channel: str, thread: str | None, since: float
    ) -> AsyncIterator[Mapping[str, Any]]:
        what: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{since:.6f}",
            "limit": _PAGE,
            "include_all_metadata": True,
        }
        method = "conversations.history"
        if thread is not None:
            method, what["ts"] = "conversations.replies", thread
        for _ in range(_PAGES):
            look = partial(self.client.api_call, method, http_verb="GET", params=what)
            page = await self._paced(method, channel, look)
            for message in page.get("messages") or []:
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return
            what["cursor"] = cursor

    def has_room_for_sign(self, channel: str) -> bool:
        """Whether a mere sign of work may be changed there now, beside all else that is said."""
        return self._pace.has_room(channel)

    async def update(self, channel: str, ts: str, message: SlackMessage, mark: Mark) -> bool:
        """Changes a message and its mark; False where it is gone or closed to edits."""
        arguments = {"channel": channel, "ts": ts, "metadata": metadata_of(mark)}
        try:
            await self._send("chat.update", message, arguments)
        except SlackApiError as error:
            if code_of(error) in NOT_EDITABLE:
                return False
            raise
        return True

    async def whisper(self, place: Place, message: SlackMessage, *, replace: bool = False) -> None:
        """Shows `message` to one person only, in the thread if there is one.

        `replace` puts it in place of the private message whose button was pressed.
        """
        outside = place.is_private or place.thread is None
        if outside and place.response_url:
            try:
                await self._respond(place.response_url, message, replace)
                return
            except ResponseUrlRefused as error:
                if is_passing(error):
                    raise
                log.warning("slack.response_url_refused", error=str(error))
        arguments = {"channel": place.channel, "user": place.user, "thread_ts": place.thread}
        await self._send("chat.postEphemeral", message, arguments)

    async def _respond(self, url: str, message: SlackMessage, replace: bool) -> None:
        """Answers through a `response_url`, which works where the bot is no member."""
        client = AsyncWebhookClient(
            url,
            timeout=int(self.client.timeout),
            session=self.client.session,
            retry_handlers=[],
            logger=sdk_logger(),
        )
        for variant in self._variants(message):
            body = {
                **_INERT,
                "response_type": "ephemeral",
                "replace_original": replace,
                "text": variant.text,
                "blocks": list(variant.blocks),
            }
            try:
                reply = await client.send_dict(body)
            except UNSURE as error:
                self._meter.slack_call("response_url", outcome_of(error))
                raise
            if reply.status_code == 200:
                self._meter.slack_call("response_url", "ok")
                return
            refusal = ResponseUrlRefused(reply.status_code, reply.body, wait_in(reply.headers))
            self._meter.slack_call("response_url", outcome_of(refusal))
            if not any(code in reply.body for code in BAD_BLOCKS):
                break
        raise refusal

    async def _send(
        self, method: str, message: SlackMessage, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Sends with a plan and native feedback buttons, else without, else as bare text."""
        common = {name: value for name, value in arguments.items() if value is not None}
        channel = str(arguments["channel"])
        refusal: SlackApiError | None = None
        for variant in self._variants(message):
            body = {**common, **_INERT, "text": variant.text, "blocks": list(variant.blocks)}
            try:
                call = partial(self.client.api_call, method, json=body)
                self._pace.wrote(channel)
                reply = await self._paced(method, channel, call)
                self._pace.wrote(channel)
            except SlackApiError as error:
                if code_of(error) not in BAD_BLOCKS:
                    raise
                log.warning("slack.blocks_refused", method=method, error=code_of(error))
                refusal = error
                continue
            if refusal is not None and variant.blocks:
                bare = message.without_plan()
                has_lost_plan = variant == bare and bare != message
                learned = self._without_plans if has_lost_plan else self._without_new_blocks
                learned.add(workspace_here())
            return reply.data if isinstance(reply.data, dict) else {}
        raise refusal or SlackClientError(f"{method}: nothing to send")

    async def _paced(
        self, method: str, channel: str, call: Callable[[], Awaitable[AsyncSlackResponse]]
    ) -> AsyncSlackResponse:
        self._pace.check(method, channel)
        try:
            return await call()
        except SlackApiError as error:
            self._pace.leave_alone(method, channel, wait_asked_for(error))
            raise

    def _variants(self, message: SlackMessage) -> list[SlackMessage]:
        if not message.blocks:
            return [message]
        plain, bare = message.plainer(), message.without_plan()
        here = workspace_here()
        knows_new_blocks = here not in self._without_new_blocks
        knows_plans = knows_new_blocks and here not in self._without_plans
        native = [message] if knows_plans and bare != message else []
        native += [bare] if knows_new_blocks and plain != bare else []
        return [*native, plain, message.text_only()]


def metadata_of(mark: Mark) -> Mapping[str, Any]:
    """How a mark is written on a message."""
    payload = {"key": mark.key, "revision": mark.revision}
    return {"event_type": METADATA_EVENT, "event_payload": payload}


def _recognised(message: Mapping[str, Any], key: str, me: Identity) -> Standing | None:
    """Where and how `message` stands; None where it bears another key or is not ours."""
    if not _is_ours(message, me):
        return None
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    if payload.get("key") != key:
        return None
    return Standing(str(message["ts"]), int(payload.get("revision") or 0))


def _is_ours(message: Mapping[str, Any], me: Identity) -> bool:
    return me.bot_id == message.get("bot_id") or me.user_id == message.get("user")


def _is_unmarked(message: Mapping[str, Any], me: Identity, after: str) -> bool:
    """Whether it was begun by a call that takes no mark; files are shared by one as well."""
    is_later = order_of(str(message.get("ts") or "")) > order_of(after)
    return (
        is_later
        and _is_ours(message, me)
        and not message.get("metadata")
        and not message.get("files")
    )
