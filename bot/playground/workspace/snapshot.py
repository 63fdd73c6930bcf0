"""The workspace as its page sees it: everything at once, and each change after that."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.playground.workspace import changes as c
from bot.playground.workspace.hub import Connections, FaultsSet, Hub, Notice
from bot.playground.workspace.journal import ApiCall, Delivery
from bot.playground.workspace.values import Channel, Json, Message, Person, Status, View
from bot.playground.workspace.wire import message_json, view_json

RECENT = 200
"""Calls and deliveries that the page is told of when it opens."""


def snapshot(hub: Hub, connections: int) -> Json:
    """Everything that the page shows."""
    state, app = hub.state, hub.world.app
    return {
        "kind": "snapshot",
        "team": hub.world.team_name,
        "people": [_person(hub.state.people[person.id]) for person in hub.world.people],
        "bot": _person(hub.world.bot),
        "app": {
            "name": app.name,
            "home_tab": app.home_tab,
            "commands": [asdict(command) for command in app.commands],
            "shortcuts": [asdict(shortcut) for shortcut in app.shortcuts],
            "prompts": [dict(prompt) for prompt in app.suggested_prompts],
        },
        "channels": [_channel(channel) for channel in state.channels.values()],
        "messages": [
            message_view(hub, message)
            for channel in state.messages.values()
            for message in channel.values()
        ],
        "statuses": [_status(hub, status) for status in state.statuses.values()],
        "titles": [
            {"channel": channel, "thread_ts": ts, "title": title}
            for (channel, ts), title in state.titles.items()
        ],
        "prompts": [asdict(prompts) for prompts in state.prompts.values()],
        "modals": [_view(hub, view) for view in state.modals.values()],
        "homes": [_view(hub, view) for view in state.homes.values()],
        "calls": [asdict(call) for call in list(hub.journal.calls)[-RECENT:]],
        "deliveries": [asdict(entry) for entry in list(hub.journal.deliveries)[-RECENT:]],
        "connections": connections,
        "faults": _faults(hub),
    }


def patches(hub: Hub, notice: Notice) -> list[Json]:
    """What the page must be told of one notice."""
    match notice:
        case c.MessagePosted(message) | c.MessageEdited(after=message):
            return _message_patches(hub, message)
        case c.MessageDeleted(message):
            gone = {"kind": "message_gone", "channel": message.channel, "ts": message.ts}
            return [gone, *_root_patch(hub, message)]
        case c.ReactionAdded(channel, ts) | c.ReactionRemoved(channel, ts):
            return _message_patches(hub, hub.state.messages[channel][ts])
        case c.ChannelOpened(channel) | c.ChannelChanged(channel):
            return [{"kind": "channel", "channel": _channel(channel)}]
        case c.MemberJoined(channel_id) | c.MemberLeft(channel_id):
            return [{"kind": "channel", "channel": _channel(hub.state.channels[channel_id])}]
        case c.PersonChanged(person):
            return [{"kind": "person", "person": _person(person)}]
        case c.StatusSet(status):
            return [{"kind": "status", "status": _status(hub, status)}]
        case c.TitleSet(channel, thread_ts, title):
            named = {"channel": channel, "thread_ts": thread_ts, "title": title}
            return [{"kind": "title", "title": named}]
        case c.PromptsSet(prompts):
            return [{"kind": "prompts", "prompts": asdict(prompts)}]
        case c.FileRemoved(file):
            return [{"kind": "file_gone", "id": file.id}]
    return _surface_patches(hub, notice)


def _surface_patches(hub: Hub, notice: Notice) -> list[Json]:
    match notice:
        case c.ViewShown(view):
            return [{"kind": "modal", "view": _view(hub, view)}]
        case c.ViewClosed(view):
            return [{"kind": "modal_gone", "id": view.id}]
        case c.HomePublished(view):
            return [{"kind": "home", "view": _view(hub, view)}]
        case ApiCall():
            return [{"kind": "call", "call": asdict(notice)}]
        case Delivery():
            return [{"kind": "delivery", "delivery": asdict(notice)}]
        case Connections(count):
            return [{"kind": "connections", "count": count}]
        case FaultsSet():
            return [{"kind": "faults", "faults": _faults(hub)}]
        case c.Reset():
            return [{"kind": "reset"}]
    return []


def _message_patches(hub: Hub, message: Message) -> list[Json]:
    patch = {"kind": "message", "message": message_view(hub, message)}
    cleared = []
    if message.bot_id and (message.channel, message.root_ts) not in hub.state.statuses:
        place = {"channel": message.channel, "thread_ts": message.root_ts}
        cleared = [{"kind": "status", "status": {**place, "text": ""}}]
    return [patch, *_root_patch(hub, message), *cleared]


def _root_patch(hub: Hub, message: Message) -> list[Json]:
    """The root again when a reply came or went: it shows how many there are."""
    root = hub.state.message(message.channel, message.root_ts) if message.is_reply else None
    return [{"kind": "message", "message": message_view(hub, root)}] if root else []


def message_view(hub: Hub, message: Message) -> Json:
    """One message: where it stands, and under `payload` what the app would see of it."""
    return {
        "channel": message.channel,
        "ts": message.ts,
        "root_ts": message.root_ts,
        "is_reply": message.is_reply,
        "user": message.user,
        "is_bot": message.bot_id is not None,
        "ephemeral_to": message.ephemeral_to,
        "streaming": message.stream is not None,
        "stream_recipient": message.stream.recipient if message.stream else None,
        "payload": message_json(hub, message, with_metadata=True),
    }


def _person(person: Person) -> Json:
    return {**asdict(person), "email": person.email}


def _channel(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind.value,
        "topic": channel.topic,
        "members": sorted(channel.members),
        "is_shared": channel.is_shared,
        "is_archived": channel.is_archived,
    }


def _status(hub: Hub, status: Status) -> Json:
    remaining = status.at + hub.limits.status - hub.clock.now()
    return {**asdict(status), "seconds_left": max(0.0, remaining)}


def _view(hub: Hub, view: View) -> Json:
    return {"user": view.user, "errors": view.errors or {}, **view_json(hub, view)}


def _faults(hub: Hub) -> dict[str, Any]:
    return {
        "calls": [asdict(fault) for fault in hub.faults.calls],
        "delivery": asdict(hub.faults.delivery),
    }
