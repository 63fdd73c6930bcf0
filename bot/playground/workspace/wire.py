"""Our values as Slack writes them: messages, channels, users, files and views as JSON objects."""

from __future__ import annotations

from bot.playground.workspace.hub import Hub
from bot.playground.workspace.values import (
    Channel,
    ChannelKind,
    Json,
    Message,
    Person,
    StoredFile,
    View,
)


def person_json(person: Person, team: str, *, with_email: bool = True) -> Json:
    profile: Json = {
        "real_name": person.real_name,
        "display_name": person.name,
        "title": person.title,
        "team": person.team or team,
    }
    # Of people of other organisations no address is told.
    if with_email and not (person.is_bot or person.team):
        profile["email"] = person.email
    return {
        "id": person.id,
        "team_id": person.team or team,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": False,
        "is_bot": person.is_bot,
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_app_user": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        **({"is_stranger": True} if person.team else {}),
        "profile": profile,
    }


def channel_json(channel: Channel, bot_user_id: str, team: str) -> Json:
    common: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.kind is ChannelKind.DIRECT,
        "is_mpim": False,
        "is_private": channel.kind is not ChannelKind.PUBLIC,
        "is_ext_shared": channel.is_shared,
        "is_org_shared": False,
        "context_team_id": team,
    }
    if channel.kind is ChannelKind.DIRECT:
        other = next(iter(channel.members - {bot_user_id}), "")
        return common | {"user": other, "is_open": True}
    return common | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": channel.kind is ChannelKind.PRIVATE,
        "is_member": bot_user_id in channel.members,
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def file_json(file: StoredFile, url: str, team: str) -> Json:
    extension = file.name.rsplit(".", 1)[-1].lower() if "." in file.name else "txt"
    base = f"{url}/files-pri/{team}-{file.id}"
    body: Json = {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "filetype": file.snippet_type or extension,
        "user": file.user,
        "user_team": team,
        "created": file.created,
        "timestamp": file.created,
        "size": len(file.content),
        "mode": "hosted" if file.mimetype.startswith("image/") else "snippet",
        "is_external": False,
        "is_public": True,
        "channels": list(file.channels),
        "url_private": base,
        "url_private_download": f"{base}/download",
        "permalink": f"{url}/files/{file.user}/{file.id}",
        "file_access": "visible",
    }
    if file.alt_text:
        body["alt_txt"] = file.alt_text
    if file.mimetype.startswith("text/"):
        body["preview"] = file.content[:400].decode("utf-8", "replace")
        body["lines"] = file.content.count(b"\n") + 1
    return body


def message_json(
    hub: Hub, message: Message, *, with_thread: bool = True, with_metadata: bool = False
) -> Json:
    """The message as history and events show it; `with_thread` adds the figures of its thread."""
    body: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    body["team"] = hub.state.team_of(message.user)
    if hub.state.channels[message.channel].is_shared:
        body["user_team"] = body["source_team"] = body["team"]
    if message.subtype:
        body["subtype"] = message.subtype
    if message.client_msg_id:
        body["client_msg_id"] = message.client_msg_id
    if message.bot_id:
        body |= _bot_fields(hub, message.bot_id)
    if message.blocks:
        body["blocks"] = list(message.blocks)
    if message.attachments:
        body["attachments"] = list(message.attachments)
    if message.files:
        stored = (hub.state.files.get(file_id) for file_id in message.files)
        body["files"] = [file_json(file, hub.url, hub.world.team_id) for file in stored if file]
    if message.edited:
        body["edited"] = {"user": message.edited.user, "ts": message.edited.ts}
    if message.reactions:
        body["reactions"] = [
            {"name": reaction.name, "users": list(reaction.users), "count": len(reaction.users)}
            for reaction in message.reactions
        ]
    if message.metadata and with_metadata:
        body["metadata"] = message.metadata
    if message.stream:
        body["streaming_state"] = "in_progress"
    if with_thread:
        body |= _thread_fields(hub, message)
    return body


def _bot_fields(hub: Hub, bot_id: str) -> Json:
    app = hub.world.app
    return {
        "bot_id": bot_id,
        "app_id": app.id,
        "bot_profile": {
            "id": bot_id,
            "app_id": app.id,
            "name": app.name,
            "team_id": hub.world.team_id,
            "deleted": False,
        },
    }


def _thread_fields(hub: Hub, message: Message) -> Json:
    if message.is_reply:
        root = hub.state.message(message.channel, message.root_ts)
        fields: Json = {"thread_ts": message.root_ts}
        if root:
            fields["parent_user_id"] = root.user
        return fields
    replies = list(hub.state.replies(message.channel, message.ts))
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "reply_users": users[:5],
        "is_locked": False,
        "subscribed": False,
    }


def view_json(hub: Hub, view: View) -> Json:
    app = hub.world.app
    definition = view.definition
    return {
        "id": view.id,
        "team_id": hub.world.team_id,
        "type": view.kind,
        "title": definition.get("title"),
        "submit": definition.get("submit"),
        "close": definition.get("close"),
        "blocks": definition["blocks"],
        "private_metadata": definition.get("private_metadata", ""),
        "callback_id": definition.get("callback_id", ""),
        "external_id": definition.get("external_id", ""),
        "state": {"values": view.values or {}},
        "hash": view.hash,
        "clear_on_close": bool(definition.get("clear_on_close")),
        "notify_on_close": bool(definition.get("notify_on_close")),
        "submit_disabled": bool(definition.get("submit_disabled")),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": app.id,
        "app_installed_team_id": hub.world.team_id,
        "bot_id": app.bot_id,
    }
