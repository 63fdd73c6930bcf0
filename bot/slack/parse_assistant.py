"""Reads what arrives where an app still has the older assistant in place of the agent's view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bot.slack.arrivals import Arrival, Identity, Ignored
from bot.slack.home_arrivals import MessagesOpened
from bot.slack.reading import Reading, asker_of, read

ASSISTANT_EVENTS = ("assistant_thread_context_changed", "assistant_thread_started")
"""Apps that were made later do not get these, so the manifest does not ask for them."""


class _Context(msgspec.Struct):
    channel_id: str | None = None


class _Thread(msgspec.Struct):
    user_id: str
    channel_id: str
    thread_ts: str
    context: _Context | None = None


class _Shown(msgspec.Struct):
    assistant_thread: _Thread
    event_ts: str = ""


def read_assistant(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Arrival:
    """Somebody opened a thread with the bot, or looks at another channel beside it."""
    shown = read(body["event"], _Shown)
    thread = shown.assistant_thread
    if not (thread.user_id and thread.channel_id and thread.thread_ts):
        return Ignored("assistant's thread of nobody")
    beside = (thread.context.channel_id if thread.context else None) or ""
    at = shown.event_ts or thread.thread_ts
    return MessagesOpened(
        asker_of(thread.user_id, "", bot),
        bot.team_id,
        thread.channel_id,
        f"{bot.team_id}:messages:{thread.user_id}:{thread.thread_ts}:{beside}:{at}",
        beside,
        thread.thread_ts,
    )
