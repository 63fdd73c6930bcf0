"""Which events Slack sends for a change, in the shape it sends them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.playground.workspace import changes as c
from bot.playground.workspace.hub import Hub, Notice
from bot.playground.workspace.values import ChannelKind, Json, Message
from bot.playground.workspace.wire import message_json

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_LINK = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")
_SUBSCRIPTIONS = {
    ChannelKind.PUBLIC: "message.channels",
    ChannelKind.PRIVATE: "message.groups",
    ChannelKind.DIRECT: "message.im",
}
_CHANNEL_LETTERS = {ChannelKind.PUBLIC: "C", ChannelKind.PRIVATE: "G", ChannelKind.DIRECT: "D"}


@dataclass(frozen=True, slots=True)
class Event:
    """`subscription` is the manifest's word; `channel` is "" where none is concerned."""

    subscription: str
    body: Json
    channel: str = ""


def events_of(hub: Hub, notice: Notice) -> Iterator[Event]:
    """What would be sent, before subscriptions and membership are looked at."""
    match notice:
        case c.MessagePosted(message):
            yield from _posted(hub, message)
        case c.MessageEdited(before, after, True):
            yield from _edited(hub, before, after)
        case c.MessageDeleted(message):
            yield from _deleted(hub, message)
        case c.ReactionAdded() | c.ReactionRemoved():
            yield _reaction(hub, notice)
        case c.MemberJoined(channel, user, inviter):
            body = _membership(hub, "member_joined_channel", channel, user)
            yield Event(
                "member_joined_channel", body | ({"inviter": inviter} if inviter else {}), channel
            )
        case c.MemberLeft(channel, user):
            body = _membership(hub, "member_left_channel", channel, user)
            yield Event("member_left_channel", body, channel)
            if user == hub.world.app.bot_user_id:
                yield _left(hub, channel)
        case c.FileRemoved(file):
            body = {"type": "file_deleted", "file_id": file.id, "event_ts": hub.new_ts()}
            yield Event("file_deleted", body)


def _message_event(hub: Hub, channel_id: str, body: Json) -> Event:
    kind = hub.state.channels[channel_id].kind
    full = body | {"channel": channel_id, "channel_type": kind.value}
    return Event(_SUBSCRIPTIONS[kind], full, channel_id)


def _posted(hub: Hub, message: Message) -> Iterator[Event]:
    if message.ephemeral_to is not None:
        return
    body = message_json(hub, message, with_metadata=True) | {"event_ts": message.ts}
    yield _message_event(hub, message.channel, body)
    app = hub.world.app
    is_direct = hub.state.channels[message.channel].kind is ChannelKind.DIRECT
    mentioned = app.bot_user_id in _MENTION.findall(message.text)
    if mentioned and not is_direct and message.user != app.bot_user_id:
        mention = body | {"type": "app_mention", "channel": message.channel}
        yield Event("app_mention", mention, message.channel)
    if (links := links_of(message, app.unfurl_domains)) and message.user != app.bot_user_id:
        shared = {
            "type": "link_shared",
            "channel": message.channel,
            "is_bot_user_member": True,
            "user": message.user,
            "message_ts": message.ts,
            "unfurl_id": f"{message.channel}.{message.ts}.{app.id}",
            "source": "conversations_history",
            "links": links,
            "event_ts": message.ts,
        }
        yield Event("link_shared", shared, message.channel)
    for file_id in message.files:
        shared = {
            "type": "file_shared",
            "channel_id": message.channel,
            "file_id": file_id,
            "user_id": message.user,
            "file": {"id": file_id},
            "event_ts": message.ts,
        }
        yield Event("file_shared", shared, message.channel)


def links_of(message: Message, domains: Sequence[str]) -> list[Json]:
    """The links in a message whose host is one of `domains`, or below one."""
    found: list[Json] = []
    for url in dict.fromkeys(_LINK.findall(message.text)):
        host = urlsplit(url).hostname or ""
        for domain in domains:
            if host == domain or host.endswith(f".{domain}"):
                found.append({"domain": domain, "url": url.replace("&amp;", "&")})
                break
    return found


def _edited(hub: Hub, before: Message, after: Message) -> Iterator[Event]:
    if after.ephemeral_to is not None:
        return
    at = hub.new_ts()
    body = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": message_json(hub, after, with_metadata=True),
        "previous_message": message_json(hub, before, with_metadata=True),
        "ts": at,
        "event_ts": at,
    }
    yield _message_event(hub, after.channel, body)


def _deleted(hub: Hub, message: Message) -> Iterator[Event]:
    if message.ephemeral_to is not None:
        return
    at = hub.new_ts()
    body = {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": message.ts,
        "previous_message": message_json(hub, message, with_metadata=True),
        "ts": at,
        "event_ts": at,
    }
    yield _message_event(hub, message.channel, body)


def _reaction(hub: Hub, change: c.ReactionAdded | c.ReactionRemoved) -> Event:
    kind = "reaction_added" if isinstance(change, c.ReactionAdded) else "reaction_removed"
    message = hub.state.message(change.channel, change.ts)
    body = {
        "type": kind,
        "user": change.user,
        "reaction": change.name,
        "item": {"type": "message", "channel": change.channel, "ts": change.ts},
        "item_user": message.user if message else "",
        "event_ts": hub.new_ts(),
    }
    return Event(kind, body, change.channel)


def _left(hub: Hub, channel: str) -> Event:
    """What only the one hears of who is no longer there."""
    is_private = hub.state.channels[channel].kind is ChannelKind.PRIVATE
    kind = "group_left" if is_private else "channel_left"
    return Event(kind, {"type": kind, "channel": channel, "event_ts": hub.new_ts()}, channel)


def _membership(hub: Hub, kind: str, channel: str, user: str) -> Json:
    return {
        "type": kind,
        "user": user,
        "channel": channel,
        "channel_type": _CHANNEL_LETTERS[hub.state.channels[channel].kind],
        "team": hub.world.team_id,
        "event_ts": hub.new_ts(),
    }


def envelope(hub: Hub, body: Json) -> Json:
    """The event as the Events API wraps it, with an `event_id` of its own."""
    app = hub.world.app
    authorization = {
        "enterprise_id": None,
        "team_id": hub.world.team_id,
        "user_id": app.bot_user_id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": "verification-tokens-are-deprecated",
        "team_id": hub.world.team_id,
        "context_team_id": hub.world.team_id,
        "context_enterprise_id": None,
        "api_app_id": app.id,
        "event": body,
        "type": "event_callback",
        "event_id": hub.new_id("Ev"),
        "event_time": int(hub.clock.now()),
        "authorizations": [authorization],
        "is_ext_shared_channel": _is_shared(hub, body),
        "event_context": f"4-{hub.new_id('EC')}",
    }


def _is_shared(hub: Hub, body: Json) -> bool:
    item = body.get("item")
    said = item.get("channel") if isinstance(item, dict) else body.get("channel")
    channel = hub.state.channels.get(said) if isinstance(said, str) else None
    return channel is not None and channel.is_shared
