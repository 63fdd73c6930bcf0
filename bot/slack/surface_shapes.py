"""The parts of shortcuts, menus and Home that this bot reads, as Slack declares them.

As in `shapes`: what Slack may leave out is optional, what it adds is ignored.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bot.slack.shapes import Named, User


class MessageAction(msgspec.Struct):
    """A shortcut used on a message; the message is as history shows it."""

    callback_id: str
    action_ts: str
    channel: Named
    user: User
    message: dict[str, Any]
    response_url: str | None = None


class Shortcut(msgspec.Struct):
    """A shortcut used anywhere."""

    callback_id: str
    trigger_id: str
    user: User


class FilledView(msgspec.Struct):
    """`state.values` goes by block and action id."""

    id: str
    callback_id: str = ""
    private_metadata: str | None = None
    state: dict[str, dict[str, dict[str, Any]]] | None = None


class Suggestion(msgspec.Struct):
    """Somebody types into a menu whose options the app gives."""

    action_id: str
    user: User
    value: str | None = None
    view: FilledView | None = None


class ResponseUrl(msgspec.Struct):
    channel_id: str | None = None
    response_url: str | None = None


class FormSent(msgspec.Struct):
    user: User
    view: FilledView
    response_urls: list[ResponseUrl] | None = None
