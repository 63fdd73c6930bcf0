"""Users and user groups."""

from __future__ import annotations

from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.methods.registry import Call, Method, Tier, next_cursor
from bot.playground.workspace.values import ChannelKind, Json
from bot.playground.workspace.wire import channel_json, person_json

_KIND_WORDS = {
    "public_channel": ChannelKind.PUBLIC,
    "private_channel": ChannelKind.PRIVATE,
    "im": ChannelKind.DIRECT,
}


def _json(call: Call, user: str) -> Json:
    with_email = "users:read.email" in call.hub.world.app.scopes
    return person_json(call.hub.state.people[user], call.team, with_email=with_email)


def _info(call: Call) -> Json:
    user = _json(call, call.user())
    if call.arguments.flag("include_locale"):
        user["locale"] = call.hub.world.members[call.user()].locale
    return {"user": user}


def _list(call: Call) -> Json:
    users, cursor = call.page(list(call.hub.world.members), 1_000)
    return {"members": [_json(call, user) for user in users], **next_cursor(cursor)}


def _look_up_by_email(call: Call) -> Json:
    email = call.arguments.text("email")
    for person in call.hub.world.people:
        if person.email == email:
            return {"user": _json(call, person.id)}
    raise SlackRefusal("users_not_found")


def _conversations(call: Call) -> Json:
    user = call.user() if "user" in call.arguments else call.bot_user
    kinds = channel_kinds(call)
    joined = [
        channel
        for channel in call.hub.state.channels.values()
        if {user, call.bot_user} <= channel.members and channel.kind in kinds
    ]
    channels, cursor = call.page(joined, 100)
    return {
        "channels": [channel_json(channel, call.bot_user, call.team) for channel in channels],
        **next_cursor(cursor),
    }


def channel_kinds(call: Call) -> frozenset[ChannelKind]:
    """The kinds that `types` asks for, public ones by default; each demands its scope."""
    words = call.arguments.names("types") or ("public_channel",)
    kinds = frozenset(_KIND_WORDS[word] for word in words if word in _KIND_WORDS)
    scopes = {
        ChannelKind.PUBLIC: "channels:read",
        ChannelKind.PRIVATE: "groups:read",
        ChannelKind.DIRECT: "im:read",
    }
    for kind in kinds:
        call.require_scope(scopes[kind])
    return kinds


def _user_groups(call: Call) -> Json:
    groups = [
        {"id": group.id, "handle": group.handle, "name": group.name, "is_usergroup": True}
        for group in call.hub.world.groups
    ]
    return {"usergroups": groups}


def _users_of_group(call: Call) -> Json:
    name = call.arguments.text("usergroup")
    found = next((group for group in call.hub.world.groups if group.id == name), None)
    if found is None:
        raise SlackRefusal("no_such_subteam")
    return {"users": list(found.users)}


METHODS = (
    Method("usergroups.list", _user_groups, ("usergroups:read",), Tier.T2),
    Method("usergroups.users.list", _users_of_group, ("usergroups:read",), Tier.T2),
    Method("users.conversations", _conversations),
    Method("users.info", _info, ("users:read",), Tier.T4),
    Method("users.list", _list, ("users:read",), Tier.T2),
    Method("users.lookupByEmail", _look_up_by_email, ("users:read.email",)),
)
