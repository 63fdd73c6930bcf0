"""The lesser acts of the bot in a workspace; an answer goes on without any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.arrivals import Identity, Place
from bot.slack.refusals import (
    UNSURE,
    Refusals,
    SlackRefused,
    SlackUnavailable,
    Tried,
    is_passing,
    wait_asked_for,
    word_for,
)
from bot.slack.uploads import Upload
from bot.slack.workspaces import workspace_here
from bot.words import say

log = structlog.get_logger(__name__)

# What people see next to their message once the bot has seen it.
_SEEN = "eyes"
PAGE = 200
"""Messages that are read at once."""
_UPLOAD_SECONDS = 50.0
_LONGEST_WAIT = 8.0
_LOOK_SECONDS = 3.0


class Gestures:
    """One method for each act; none raises for what Slack refuses.

    Signs of work are tried once, and not for long. Taking one away is tried for some seconds more.
    """

    def __init__(
        self, client: AsyncWebClient, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._refusals = Refusals(sleep)
        self._identities: dict[str, Identity] = {}

    async def identity(self) -> Identity:
        """Who we are here; asked once. Raises where Slack does not say."""
        here = workspace_here()
        if here not in self._identities:
            found = await self._client.auth_test()
            self._identities[here] = Identity(
                user_id=str(found.get("user_id") or ""),
                bot_id=str(found.get("bot_id") or ""),
                team_id=str(found.get("team_id") or ""),
                enterprise_id=str(found.get("enterprise_id") or ""),
            )
        return self._identities[here]

    async def direct(self, user: str) -> str:
        """The channel of somebody's direct messages with the app.

        Raises `SlackRefused` where there is none for us, `SlackUnavailable` where Slack may say
        later.
        """
        try:
            found = await self._client.conversations_open(users=user)
        except (SlackClientError, *UNSURE) as error:
            if is_passing(error):
                raise SlackUnavailable(word_for(error)) from error
            raise SlackRefused(word_for(error)) from error
        return str(found["channel"]["id"])

    async def name_of(self, user_id: str) -> str:
        """What somebody is called here; "" where Slack does not say."""
        try:
            found = await self._client.users_info(user=user_id)
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.person_unknown", error=word_for(error))
            return ""
        user = found.get("user") or {}
        profile = user.get("profile") or {}
        return str(profile.get("real_name") or user.get("real_name") or user.get("name") or "")

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message; "" where Slack gives none."""
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                found = await self._client.chat_getPermalink(channel=channel, message_ts=ts)
        except (SlackClientError, *UNSURE) as error:
            log.info("slack.no_permalink", error=word_for(error))
            return ""
        return str(found.get("permalink") or "")

    async def react(self, channel: str, ts: str) -> Tried:
        """Shows on the asker's message that it was seen."""
        return await self._refusals.attempt(
            "reactions.add",
            lambda: self._client.reactions_add(channel=channel, timestamp=ts, name=_SEEN),
            fine=frozenset({"already_reacted"}),
        )

    async def unreact(self, channel: str, ts: str) -> None:
        await self.unmark(channel, ts, _SEEN)

    async def mark(self, channel: str, ts: str, name: str) -> None:
        """A reaction that says how things stand."""
        await self._refusals.insist(
            "reactions.add",
            lambda: self._client.reactions_add(channel=channel, timestamp=ts, name=name),
            fine=frozenset({"already_reacted"}),
        )

    async def unmark(self, channel: str, ts: str, name: str) -> None:
        await self._refusals.insist(
            "reactions.remove",
            lambda: self._client.reactions_remove(channel=channel, timestamp=ts, name=name),
            fine=frozenset({"no_reaction", "message_not_found"}),
        )

    async def has_seen(self, channel: str, ts: str) -> bool:
        """Whether our eyes are on that message; False where that may not be looked at."""
        me = (await self.identity()).user_id
        reactions: list[Mapping[str, Any]] = []

        async def look() -> None:
            reply = await self._client.reactions_get(channel=channel, timestamp=ts, full=True)
            reactions.extend((reply.get("message") or {}).get("reactions") or [])

        await self._refusals.attempt("reactions.get", look)
        return any(one.get("name") == _SEEN and me in (one.get("users") or []) for one in reactions)

    async def status(self, channel: str, thread: str, words: str) -> Tried:
        """The "is looking into it …" line under a thread."""
        return await self._refusals.attempt(
            "assistant.threads.setStatus",
            lambda: self._client.assistant_threads_setStatus(
                channel_id=channel,
                thread_ts=thread,
                status=say("is looking into it …"),
                loading_messages=[words],
            ),
        )

    async def entitle(self, channel: str, thread: str, title: str) -> None:
        """Names a thread of direct messages; one without a title goes by its first words."""
        where = {"channel_id": channel, "thread_ts": thread, "title": title}
        for method in ("assistant.threads.setTitle", "agents.sessions.rename"):
            call = partial(self._client.api_call, method, json=where)
            if await self._refusals.attempt(method, call) is not Tried.REFUSED:
                return

    async def clear_status(self, channel: str, thread: str) -> None:
        await self._refusals.insist(
            "assistant.threads.setStatus",
            lambda: self._client.assistant_threads_setStatus(
                channel_id=channel, thread_ts=thread, status=""
            ),
        )

    async def delete(self, channel: str, ts: str) -> Tried:
        return await self._refusals.insist(
            "chat.delete",
            lambda: self._client.chat_delete(channel=channel, ts=ts),
            fine=frozenset({"message_not_found"}),
        )

    async def delete_file(self, channel: str, file_id: str) -> Tried:
        """Takes it away from wherever it was shared."""
        return await self._refusals.insist(
            "files.delete",
            lambda: self._client.files_delete(file=file_id),
            fine=frozenset({"file_not_found", "file_deleted"}),
        )

    async def upload(self, place: Place, file: Upload) -> str | None:
        """Sends a file into the thread. Its id, "" where Slack does not say; None where uploads
        are refused."""
        ids: list[str] = []

        async def send() -> None:
            reply = await self._client.files_upload_v2(
                channel=place.channel,
                thread_ts=place.thread,
                filename=file.name,
                title=file.title or file.name,
                content=file.content,
                alt_txt=file.alt_text or None,
            )
            ids.extend(str(one.get("id") or "") for one in reply.get("files") or [])

        tried = await self._refusals.attempt(
            "files.getUploadURLExternal", send, seconds=_UPLOAD_SECONDS
        )
        return (ids or [""])[0] if tried is Tried.DONE else None

    async def open_form(self, trigger_id: str, view: Mapping[str, Any]) -> bool:
        tried = await self._refusals.attempt(
            "views.open", lambda: self._client.views_open(trigger_id=trigger_id, view=dict(view))
        )
        return tried is Tried.DONE

    async def suggest(
        self, channel: str, prompts: Sequence[tuple[str, str]], thread: str = ""
    ) -> None:
        """Prompts to begin with. `thread` is for the older assistant alone, which wants it;
        elsewhere Slack would show none with it, and not say so."""
        body = {
            "channel_id": channel,
            "prompts": [{"title": title, "message": message} for title, message in prompts],
            **({"thread_ts": thread} if thread else {}),
        }
        method = "assistant.threads.setSuggestedPrompts"
        await self._refusals.attempt(method, lambda: self._client.api_call(method, json=body))

    async def recent(
        self, channel: str, since: float, seconds: float
    ) -> Sequence[Mapping[str, Any]]:
        """Messages of a channel since then (epoch seconds), of very many the newest; empty where
        Slack does not give them."""
        try:
            async with asyncio.timeout(seconds):
                page = await self._client.conversations_history(
                    channel=channel, oldest=f"{since:.6f}", limit=PAGE
                )
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.channel_not_read", channel=channel, error=word_for(error))
            return ()
        found: Sequence[Mapping[str, Any]] = page.get("messages") or ()
        return found

    async def replies(
        self, channel: str, thread: str, pages: int, seconds: float, oldest: str = ""
    ) -> Sequence[Mapping[str, Any]]:
        """Messages of a thread, oldest first, at most `pages` times 200 and none older than the ts
        `oldest`; empty where they may not be read.

        Raises `SlackUnavailable` where they may be read later, once Slack has been left alone for
        as long as it asked, or almost.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._replies(channel, thread, pages, oldest)
        except (SlackClientError, *UNSURE) as error:
            log.warning("slack.thread_not_read", channel=channel, error=word_for(error))
            if not is_passing(error):
                return ()
            await self._sleep(min(wait_asked_for(error), _LONGEST_WAIT))
            raise SlackUnavailable(word_for(error)) from error

    async def _replies(
        self, channel: str, thread: str, pages: int, oldest: str
    ) -> Sequence[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        cursor: str | None = None
        for _ in range(pages):
            page = await self._client.conversations_replies(
                channel=channel, ts=thread, limit=PAGE, cursor=cursor, oldest=oldest or None
            )
            found.extend(page.get("messages") or [])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                break
        return found
