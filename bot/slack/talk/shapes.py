"""The parts of Slack's payloads about messages that this bot reads, as Slack declares them."""

from __future__ import annotations

from typing import Any

import msgspec


class Item(msgspec.Struct):
    """What was reacted to; `channel` and `ts` where that is a message."""

    type: str
    channel: str | None = None
    ts: str | None = None


class ReactionEvent(msgspec.Struct):
    """`reaction_added` and `reaction_removed`."""

    type: str
    user: str
    reaction: str
    item: Item
    event_ts: str
    item_user: str | None = None


class ChangeEvent(msgspec.Struct):
    """A `message` of subtype `message_changed` or `message_deleted`.

    `previous_message` of a deleted thread may come as a list: it is read with care.
    """

    channel: str
    subtype: str
    event_ts: str | None = None
    channel_type: str | None = None
    deleted_ts: str | None = None
    message: dict[str, Any] | None = None
    previous_message: Any = None


class ChannelEvent(msgspec.Struct):
    """`channel_deleted`, `channel_left`, `group_deleted` and `group_left`."""

    type: str
    channel: str
    event_ts: str | None = None


class SessionStopped(msgspec.Struct):
    """`agent_session_stopped`."""

    channel: str
    user: str
    event_ts: str
    thread_ts: str | None = None
