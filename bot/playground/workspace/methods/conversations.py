"""Channels, their members and what was said in them, page by page."""

from __future__ import annotations

from bot.playground.workspace.changes import MemberJoined, MemberLeft
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.methods.people import channel_kinds
from bot.playground.workspace.methods.registry import Call, Method, Tier, next_cursor
from bot.playground.workspace.values import ChannelKind, Json, Message
from bot.playground.workspace.wire import channel_json, message_json


def _info(call: Call) -> Json:
    channel = call.channel(member=False)
    call.require_channel_scope(channel, "read")
    return {"channel": channel_json(channel, call.bot_user, call.team)}


def _list(call: Call) -> Json:
    kinds = channel_kinds(call)
    visible = [
        channel
        for channel in call.hub.state.channels.values()
        if channel.kind in kinds
        and (channel.kind is ChannelKind.PUBLIC or call.bot_user in channel.members)
    ]
    channels, cursor = call.page(visible, 100)
    return {
        "channels": [channel_json(channel, call.bot_user, call.team) for channel in channels],
        **next_cursor(cursor),
    }


def _members(call: Call) -> Json:
    channel = call.channel(member=False)
    call.require_channel_scope(channel, "read")
    members, cursor = call.page(sorted(channel.members), 100)
    return {"members": list(members), **next_cursor(cursor)}


def _messages(call: Call, messages: list[Message], default: int) -> Json:
    """The reply for a list of messages within `oldest` and `latest`."""
    oldest, latest = call.arguments.text("oldest", "0"), call.arguments.text("latest", "9" * 20)
    inclusive = call.arguments.flag("inclusive")
    low, high = _seconds(oldest), _seconds(latest)
    within = [
        message
        for message in messages
        if _is_shown(call, message)
        and (low < float(message.ts) < high or (inclusive and float(message.ts) in (low, high)))
    ]
    page, cursor = call.page(within, default)
    with_metadata = call.arguments.flag("include_all_metadata")
    return {
        "messages": [message_json(call.hub, m, with_metadata=with_metadata) for m in page],
        "has_more": bool(cursor),
        **next_cursor(cursor),
    }


def _is_shown(call: Call, message: Message) -> bool:
    """Slack's read side may be some seconds behind what was posted."""
    lag = call.hub.faults.read_lag
    return not (message.bot_id and float(message.ts) > call.hub.clock.now() - lag)


def _seconds(ts: str) -> float:
    try:
        return float(ts)
    except ValueError:
        raise SlackRefusal("invalid_ts_latest") from None


def _history(call: Call) -> Json:
    channel = call.channel()
    call.require_channel_scope(channel, "history")
    newest_first = [
        message
        for message in reversed(call.hub.state.messages[channel.id].values())
        if message.ephemeral_to is None
        and (not message.is_reply or message.subtype == "thread_broadcast")
    ]
    return _messages(call, newest_first, 100) | {"pin_count": 0}


def _replies(call: Call) -> Json:
    channel = call.channel()
    call.require_channel_scope(channel, "history")
    asked = call.hub.state.message(channel.id, call.arguments.text("ts"))
    if asked is None:
        raise SlackRefusal("thread_not_found")
    return _messages(call, list(call.hub.state.thread(channel.id, asked.root_ts)), 1_000)


def _open(call: Call) -> Json:
    call.require_scope("im:write")
    if "channel" in call.arguments:
        channel = call.channel()
        return {"no_op": True, "already_open": True, "channel": {"id": channel.id}}
    users = call.arguments.names("users")
    if len(users) != 1:
        raise SlackRefusal("users_list_not_supplied" if not users else "method_not_supported")
    if users[0] not in call.hub.world.members or users[0] == call.bot_user:
        raise SlackRefusal("user_not_found")
    already = call.hub.state.direct_channel(users[0]) is not None
    channel = call.hub.open_direct(users[0])
    reply: Json = {"channel": {"id": channel.id}}
    if call.arguments.flag("return_im"):
        reply = {"channel": channel_json(channel, call.bot_user, call.team)}
    return reply | ({"no_op": True, "already_open": True} if already else {})


def _join(call: Call) -> Json:
    channel = call.channel(member=False)
    if channel.kind is not ChannelKind.PUBLIC:
        raise SlackRefusal("method_not_supported_for_channel_type")
    if call.bot_user in channel.members:
        return {
            "channel": channel_json(channel, call.bot_user, call.team),
            "warning": "already_in_channel",
        }
    call.hub.commit(MemberJoined(channel.id, call.bot_user))
    return {"channel": channel_json(call.hub.state.channels[channel.id], call.bot_user, call.team)}


def _leave(call: Call) -> Json:
    channel = call.channel(member=False)
    if call.bot_user not in channel.members:
        return {"not_in_channel": True}
    call.hub.commit(MemberLeft(channel.id, call.bot_user))
    return {}


METHODS = (
    Method("conversations.history", _history),
    Method("conversations.info", _info),
    Method("conversations.join", _join, ("channels:join",)),
    Method("conversations.leave", _leave, ("channels:join", "channels:manage")),
    Method("conversations.list", _list, tier=Tier.T2),
    Method("conversations.members", _members, tier=Tier.T4),
    Method("conversations.open", _open),
    Method("conversations.replies", _replies),
)
