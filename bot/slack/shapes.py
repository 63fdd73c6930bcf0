"""The parts of Slack's payloads that this bot reads, as Slack declares them.

Everything Slack may leave out or send as null is optional; unknown fields are ignored. A payload
of another shape raises `msgspec.ValidationError`, whose text names the field.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Authorization(msgspec.Struct):
    team_id: str | None = None
    enterprise_id: str | None = None


class EventKind(msgspec.Struct):
    type: str
    subtype: str | None = None


class EventEnvelope(msgspec.Struct):
    """The outside of an event; its inside is converted once its kind is known to matter."""

    event: EventKind
    is_ext_shared_channel: bool | None = None


class Edited(msgspec.Struct):
    """When a message got the words that it has."""

    ts: str


class MessageEvent(msgspec.Struct):
    """`message` and `app_mention`."""

    type: str
    channel: str
    ts: str
    channel_type: str | None = None
    thread_ts: str | None = None
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    team: str | None = None
    user_team: str | None = None
    source_team: str | None = None
    hidden: bool | None = None
    edited: Edited | None = None


class CommandForm(msgspec.Struct):
    command: str
    channel_id: str
    user_id: str
    trigger_id: str
    text: str | None = None
    response_url: str | None = None
    team_id: str | None = None


class Named(msgspec.Struct):
    id: str


class User(msgspec.Struct):
    id: str
    team_id: str | None = None


class Container(msgspec.Struct):
    message_ts: str | None = None
    thread_ts: str | None = None
    channel_id: str | None = None
    is_ephemeral: bool | None = None


class SelectedOption(msgspec.Struct):
    value: str | None = None
    text: dict[str, Any] | None = None


class Action(msgspec.Struct):
    """Buttons carry `value`, menus `selected_option`."""

    action_id: str
    action_ts: str | None = None
    value: str | None = None
    text: dict[str, Any] | None = None
    selected_option: SelectedOption | None = None
    selected_user: str | None = None


class BlockActions(msgspec.Struct):
    user: User
    actions: list[Action]
    container: Container
    channel: Named | None = None
    trigger_id: str | None = None
    response_url: str | None = None


class ViewState(msgspec.Struct):
    values: dict[str, dict[str, Any]]


class View(msgspec.Struct):
    id: str
    callback_id: str
    state: ViewState
    private_metadata: str | None = None


class ViewSubmission(msgspec.Struct):
    user: User
    view: View
