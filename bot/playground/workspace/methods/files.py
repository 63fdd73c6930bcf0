"""Files in three steps: ask for an address, upload, complete."""

from __future__ import annotations

import mimetypes
from dataclasses import replace

from bot.playground.workspace.changes import FileRemoved, FileStored, MessagePosted
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.methods.posting import read_thread
from bot.playground.workspace.methods.registry import Call, Method, Tier
from bot.playground.workspace.values import Channel, Json, Message, StoredFile
from bot.playground.workspace.wire import file_json

FILE_MAX = 1_000_000_000
"""Bytes of one file; the workspace itself keeps a far smaller limit for its memory's sake."""


def _get_upload_url(call: Call) -> Json:
    name = call.arguments.text("filename")
    length = call.arguments.number("length", 0)
    if length <= 0 or length > FILE_MAX:
        raise SlackRefusal("invalid_arguments", ["[ERROR] length must be 1 to 1000000000"])
    if len(call.arguments.text("alt_txt", "")) > 1_000:
        raise SlackRefusal("alt_txt_too_large")
    file = StoredFile(
        call.hub.new_id("F"),
        name,
        name,
        _mimetype(name),
        call.bot_user,
        int(call.hub.clock.now()),
        b"",
        call.arguments.text("alt_txt", ""),
        call.arguments.text("snippet_type", ""),
    )
    ticket = call.hub.new_upload_ticket(file)
    return {"upload_url": f"{call.hub.url}/upload/{ticket}", "file_id": file.id}


def _mimetype(name: str) -> str:
    if name.endswith((".log", ".txt", ".md", ".yaml", ".yml", ".py", ".sql", ".csv")):
        return "text/plain"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _complete(call: Call) -> Json:
    entries = call.arguments.objects("files")
    if not entries:
        raise SlackRefusal("invalid_arguments", ["[ERROR] missing required field: files"])
    stored = [_uploaded(call, entry) for entry in entries]
    channels = tuple(channel.id for channel in _destinations(call))
    done = []
    for file, entry in zip(stored, entries, strict=True):
        title = str(entry.get("title") or file.title)
        after = replace(file, title=title, channels=channels, shared=True)
        call.hub.commit(FileStored(after))
        done.append(after)
    for channel in channels:
        call.hub.commit(MessagePosted(_sharing(call, channel, done)))
    return {"files": [file_json(file, call.hub.url, call.team) for file in done]}


def _destinations(call: Call) -> list[Channel]:
    """The channels to share in: one `channel_id`, or several `channels`, or none."""
    if "channel_id" in call.arguments:
        return [call.channel("channel_id")]
    return [call.channel_named(name) for name in call.arguments.names("channels")]


def _uploaded(call: Call, entry: Json) -> StoredFile:
    file = call.hub.state.files.get(str(entry.get("id")))
    if file is None or file.shared:
        raise SlackRefusal("file_not_found")
    return file


def _sharing(call: Call, channel: str, files: list[StoredFile]) -> Message:
    return Message(
        channel,
        call.hub.new_ts(),
        call.bot_user,
        call.arguments.text("initial_comment", ""),
        thread_ts=read_thread(call.arguments),
        subtype="file_share",
        bot_id=call.hub.world.app.bot_id,
        files=tuple(file.id for file in files),
    )


def _file(call: Call) -> StoredFile:
    file = call.hub.state.files.get(call.arguments.text("file"))
    if file is None or not file.shared:
        raise SlackRefusal("file_not_found")
    return file


def _info(call: Call) -> Json:
    return {"file": file_json(_file(call), call.hub.url, call.team), "comments": []}


def _delete(call: Call) -> Json:
    file = _file(call)
    if file.user != call.bot_user:
        raise SlackRefusal("cant_delete_file")
    call.hub.commit(FileRemoved(file))
    return {}


METHODS = (
    Method("files.completeUploadExternal", _complete, ("files:write",), Tier.T4),
    Method("files.delete", _delete, ("files:write",)),
    Method("files.getUploadURLExternal", _get_upload_url, ("files:write",), Tier.T4),
    Method("files.info", _info, ("files:read",), Tier.T4),
)
