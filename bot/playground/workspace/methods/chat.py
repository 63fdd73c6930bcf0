"""Posting, changing and deleting messages."""

from __future__ import annotations

from dataclasses import replace

from bot.playground.workspace.changes import MessageEdited, MessagePosted
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.methods.posting import read_content, read_thread, warned
from bot.playground.workspace.methods.registry import Call, Method, Tier
from bot.playground.workspace.values import Channel, ChannelKind, Edited, Json, Message
from bot.playground.workspace.wire import message_json


def _may_post(call: Call) -> Channel:
    channel = call.open_channel(member=False)
    if call.bot_user in channel.members:
        return channel
    if channel.kind is ChannelKind.PUBLIC and "chat:write.public" in call.hub.world.app.scopes:
        return channel
    raise SlackRefusal("not_in_channel")


def _post(call: Call) -> Json:
    channel = _may_post(call)
    content = read_content(call.hub, call.arguments)
    thread_ts = read_thread(call.arguments)
    broadcast = thread_ts is not None and call.arguments.flag("reply_broadcast")
    message = Message(
        channel.id,
        call.hub.new_ts(),
        call.bot_user,
        content.text,
        content.blocks,
        content.attachments,
        thread_ts,
        subtype="thread_broadcast" if broadcast else None,
        bot_id=call.hub.world.app.bot_id,
        metadata=content.metadata,
    )
    call.hub.commit(MessagePosted(message))
    shown = message_json(call.hub, message, with_metadata=True)
    return warned({"channel": channel.id, "ts": message.ts, "message": shown}, content.warnings)


def _post_ephemeral(call: Call) -> Json:
    channel = call.open_channel()
    user = call.arguments.text("user")
    if user not in channel.members:
        raise SlackRefusal("user_not_in_channel")
    content = read_content(call.hub, call.arguments)
    message = Message(
        channel.id,
        call.hub.new_ts(),
        call.bot_user,
        content.text,
        content.blocks,
        content.attachments,
        read_thread(call.arguments),
        bot_id=call.hub.world.app.bot_id,
        ephemeral_to=user,
    )
    call.hub.commit(MessagePosted(message))
    return warned({"message_ts": message.ts}, content.warnings)


def _update(call: Call) -> Json:
    channel = call.channel()
    before = call.message(channel)
    if before.user != call.bot_user or before.subtype == "tombstone":
        raise SlackRefusal("cant_update_message")
    if call.hub.is_growing(before):
        raise SlackRefusal("streaming_state_conflict")
    content = read_content(call.hub, call.arguments, may_be_empty="blocks" in call.arguments)
    keeps_blocks = "blocks" not in call.arguments and "markdown_text" not in call.arguments
    after = replace(
        before,
        text=content.text if "text" in call.arguments or content.text else before.text,
        blocks=before.blocks if keeps_blocks else content.blocks,
        attachments=content.attachments if "attachments" in call.arguments else before.attachments,
        metadata=content.metadata if "metadata" in call.arguments else before.metadata,
        edited=Edited(call.bot_user, call.hub.new_ts()),
        stream=None,
    )
    call.hub.commit(MessageEdited(before, after))
    reply = {
        "channel": channel.id,
        "ts": after.ts,
        "text": after.text,
        "message": message_json(call.hub, after, with_metadata=True),
    }
    return warned(reply, content.warnings)


def _delete(call: Call) -> Json:
    channel = call.channel()
    message = call.message(channel)
    if message.user != call.bot_user or call.hub.is_growing(message):
        raise SlackRefusal("cant_delete_message")
    call.hub.commit(call.hub.deletion(message))
    return {"channel": channel.id, "ts": message.ts}


def _permalink(call: Call) -> Json:
    channel = call.channel(member=False)
    message = call.message(channel, "message_ts")
    link = f"{call.hub.url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.root_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


_WRITE = ("chat:write",)

METHODS = (
    Method("chat.delete", _delete, _WRITE),
    Method("chat.getPermalink", _permalink, tier=Tier.T4),
    Method("chat.postEphemeral", _post_ephemeral, _WRITE, Tier.T4),
    Method("chat.postMessage", _post, _WRITE, Tier.POSTING),
    Method("chat.update", _update, _WRITE),
)
