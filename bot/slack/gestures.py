"""The lesser acts of the bot in a workspace; an answer goes on without any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.arrivals import Identity, Place
from bot.slack.refusals import Refusals

# What people see next to their message once the bot has seen it.
_SEEN = "eyes"
_PAGE = 200


class Gestures:
    """One method for each act; none raises for what Slack refuses."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._refusals = Refusals()
        self._identity: Identity | None = None

    async def identity(self) -> Identity:
        """Who we are here; asked once. Raises where Slack does not say."""
        if self._identity is None:
            found = await self._client.auth_test()
            self._identity = Identity(
                user_id=str(found.get("user_id") or ""),
                bot_id=str(found.get("bot_id") or ""),
                team_id=str(found.get("team_id") or ""),
                enterprise_id=str(found.get("enterprise_id") or ""),
            )
        return self._identity

    async def react(self, channel: str, ts: str) -> bool:
        """Shows on the asker's message that it was seen."""
        done = await self._refusals.attempt(
            "reactions.add",
            lambda: self._client.reactions_add(channel=channel, timestamp=ts, name=_SEEN),
            fine=frozenset({"already_reacted"}),
        )
        return done is not None

    async def unreact(self, channel: str, ts: str) -> None:
        await self._refusals.attempt(
            "reactions.remove",
            lambda: self._client.reactions_remove(channel=channel, timestamp=ts, name=_SEEN),
            fine=frozenset({"no_reaction"}),
        )

    async def status(self, channel: str, thread: str, words: str) -> bool:
        """The "is looking into it …" line under a thread; empty `words` take it away."""
        done = await self._refusals.attempt(
            "assistant.threads.setStatus",
            lambda: self._client.assistant_threads_setStatus(
                channel_id=channel,
                thread_ts=thread,
                status="is looking into it …" if words else "",
                loading_messages=[words] if words else None,
            ),
        )
        return done is not None

    async def delete(self, channel: str, ts: str) -> None:
        await self._refusals.attempt(
            "chat.delete", lambda: self._client.chat_delete(channel=channel, ts=ts)
        )

    async def upload(self, place: Place, name: str, content: str) -> bool:
        """Sends a text file into the thread; False where uploads are refused."""
        done = await self._refusals.attempt(
            "files.getUploadURLExternal",
            lambda: self._client.files_upload_v2(
                channel=place.channel,
                thread_ts=place.thread,
                filename=name,
                title=name,
                content=content,
            ),
        )
        return done is not None

    async def open_form(self, trigger_id: str, view: Mapping[str, Any]) -> bool:
        done = await self._refusals.attempt(
            "views.open", lambda: self._client.views_open(trigger_id=trigger_id, view=dict(view))
        )
        return done is not None

    async def replies(self, channel: str, thread: str, pages: int) -> Sequence[Mapping[str, Any]]:
        """Messages of a thread, oldest first, at most `pages` times 200; empty where they may not
        be read."""
        found: list[Mapping[str, Any]] = []
        cursor: str | None = None
        for _ in range(pages):
            page = await self._replies_page(channel, thread, cursor)
            found.extend(page.get("messages") or [])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                break
        return found

    async def _replies_page(
        self, channel: str, thread: str, cursor: str | None
    ) -> Mapping[str, Any]:
        page = await self._refusals.attempt(
            "conversations.replies",
            lambda: self._client.conversations_replies(
                channel=channel, ts=thread, limit=_PAGE, cursor=cursor
            ),
        )
        return page.data if page is not None and isinstance(page.data, dict) else {}
