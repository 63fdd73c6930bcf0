"""Emoji under messages."""

from __future__ import annotations

from bot.playground.workspace.changes import ReactionAdded, ReactionRemoved
from bot.playground.workspace.emoji import is_known
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.methods.registry import Call, Method, Tier
from bot.playground.workspace.values import Json, Message
from bot.playground.workspace.wire import message_json


def _subject(call: Call) -> tuple[Message, str]:
    if "timestamp" not in call.arguments:
        raise SlackRefusal("no_item_specified")
    name = call.arguments.text("name").strip(":")
    if not is_known(name):
        raise SlackRefusal("invalid_name")
    return call.message(call.open_channel(), "timestamp"), name


def has_reacted(message: Message, user: str, name: str) -> bool:
    return any(r.name == name and user in r.users for r in message.reactions)


def _add(call: Call) -> Json:
    message, name = _subject(call)
    if has_reacted(message, call.bot_user, name):
        raise SlackRefusal("already_reacted")
    call.hub.commit(ReactionAdded(message.channel, message.ts, call.bot_user, name))
    return {}


def _remove(call: Call) -> Json:
    message, name = _subject(call)
    if not has_reacted(message, call.bot_user, name):
        raise SlackRefusal("no_reaction")
    call.hub.commit(ReactionRemoved(message.channel, message.ts, call.bot_user, name))
    return {}


def _get(call: Call) -> Json:
    channel = call.channel()
    message = call.message(channel, "timestamp")
    return {"type": "message", "channel": channel.id, "message": message_json(call.hub, message)}


METHODS = (
    Method("reactions.add", _add, ("reactions:write",)),
    Method("reactions.get", _get, ("reactions:read",)),
    Method("reactions.remove", _remove, ("reactions:write",), Tier.T2),
)
