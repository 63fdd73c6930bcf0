"""Messages that grow while they are written, and die after some minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.playground.workspace.blocks import Surface, check_blocks
from bot.playground.workspace.changes import MessageEdited, MessagePosted, StatusSet
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.methods.posting import (
    MARKDOWN_TEXT_MAX,
    read_content,
    read_thread,
    with_ids,
)
from bot.playground.workspace.methods.registry import Call, Method, Tier
from bot.playground.workspace.values import ChannelKind, Json, Message, Status, Stream
from bot.playground.workspace.wire import message_json

_CHUNK_FIELDS: dict[str, dict[str, type]] = {
    "markdown_text": {"text": str},
    "task_update": {"id": str, "title": str},
    "plan_update": {"title": str},
    "blocks": {"blocks": list},
}
"""What each type of chunk must have."""

TITLE_MAX = 256
"""Characters of the title of a task or a plan."""


def _chunks(call: Call) -> tuple[Json, ...]:
    """What this call adds, `markdown_text` as a chunk like the others."""
    chunks = call.arguments.objects("chunks")
    text = call.arguments.text("markdown_text", "")
    if text and chunks:
        raise SlackRefusal("invalid_arguments", ["[ERROR] markdown_text and chunks exclude"])
    if text:
        chunks = ({"type": "markdown_text", "text": text},)
    for chunk in chunks:
        _check(chunk)
    length = sum(len(chunk["text"]) for chunk in chunks if chunk["type"] == "markdown_text")
    if length > MARKDOWN_TEXT_MAX:
        raise SlackRefusal("msg_too_long")
    return chunks


def _check(chunk: Json) -> None:
    kind = str(chunk.get("type"))
    fields = _CHUNK_FIELDS.get(kind)
    if fields is None:
        raise SlackRefusal("invalid_chunks", [f"[ERROR] unsupported type: {kind}"])
    for name, wanted in fields.items():
        if not isinstance(chunk.get(name), wanted):
            raise SlackRefusal("invalid_chunks", [f"[ERROR] {kind} needs {name}"])
    if len(str(chunk.get("title") or "")) > TITLE_MAX:
        raise SlackRefusal("invalid_chunks", [f"[ERROR] title over {TITLE_MAX} characters"])
    if kind == "blocks":
        check_blocks(chunk["blocks"], Surface.MESSAGE)
    for name in ("details", "output"):
        if not isinstance(chunk.get(name) or "", str):
            raise SlackRefusal("invalid_chunks", [f"[ERROR] {name} must be a string"])
    if not isinstance(chunk.get("sources") or [], list):
        raise SlackRefusal("invalid_chunks", ["[ERROR] sources must be an array"])


def _start(call: Call) -> Json:
    channel = call.open_channel()
    thread_ts = read_thread(call.arguments)
    if channel.kind is ChannelKind.DIRECT:
        if thread_ts is None:
            raise SlackRefusal("invalid_thread_ts")
    else:
        for argument in ("recipient_user_id", "recipient_team_id"):
            if argument not in call.arguments:
                raise SlackRefusal(f"missing_{argument}")
    mode = call.arguments.text("task_display_mode", "timeline")
    chunks = _chunks(call)
    stream = Stream(
        call.hub.clock.now(), call.arguments.optional("recipient_user_id"), mode, chunks
    )
    message = Message(
        channel.id,
        call.hub.new_ts(),
        call.bot_user,
        text_of(chunks),
        with_ids(call.hub, blocks_of(chunks, mode)),
        thread_ts=thread_ts,
        bot_id=call.hub.world.app.bot_id,
        stream=stream,
    )
    call.hub.commit(MessagePosted(message))
    can_stop = "agent_session_stopped" in call.hub.world.app.events
    call.hub.commit(
        StatusSet(Status(channel.id, message.root_ts, "processing", stream.opened_at, (), can_stop))
    )
    return {"channel": channel.id, "ts": message.ts}


def _live(call: Call) -> tuple[Message, Stream]:
    message = call.message(call.channel())
    stream = message.stream
    if stream is None or not call.hub.is_growing(message):
        raise SlackRefusal("message_not_in_streaming_state")
    return message, stream


def _grown(call: Call, message: Message, stream: Stream) -> Message:
    chunks = stream.chunks + _chunks(call)
    return replace(
        message,
        text=text_of(chunks),
        blocks=with_ids(call.hub, blocks_of(chunks, stream.task_display_mode)),
        stream=replace(stream, chunks=chunks),
    )


def _append(call: Call) -> Json:
    message, stream = _live(call)
    if "markdown_text" not in call.arguments and "chunks" not in call.arguments:
        raise SlackRefusal("no_text")
    call.hub.commit(MessageEdited(message, _grown(call, message, stream), announced=False))
    return {"channel": message.channel, "ts": message.ts}


def _stop(call: Call) -> Json:
    message, stream = _live(call)
    grown = _grown(call, message, stream)
    # The blocks given here are counted apart from those that came as chunks.
    extra = call.arguments.objects("blocks")
    check_blocks(extra, Surface.MESSAGE)
    metadata = read_content(call.hub, call.arguments, may_be_empty=True).metadata
    after = replace(
        grown,
        blocks=grown.blocks + with_ids(call.hub, extra),
        metadata=metadata or message.metadata,
        stream=None,
    )
    call.hub.commit(MessageEdited(message, after))
    call.hub.commit(StatusSet(Status(message.channel, message.root_ts, "", call.hub.clock.now())))
    return {
        "channel": message.channel,
        "ts": message.ts,
        "message": message_json(call.hub, after, with_metadata=True),
    }


def text_of(chunks: Sequence[Json]) -> str:
    return "".join(chunk["text"] for chunk in chunks if chunk["type"] == "markdown_text")


def blocks_of(chunks: Sequence[Json], mode: str) -> list[Json]:
    """The chunks as the blocks they look like: text joined, tasks updated in place.

    In `plan` mode all tasks stand in one plan where the first of them, or its title, came.
    """
    blocks: list[Json] = []
    tasks: dict[str, Json] = {}
    plan: Json | None = None
    for chunk in chunks:
        kind = chunk["type"]
        if kind == "markdown_text":
            if blocks and blocks[-1]["type"] == "markdown":
                blocks[-1]["text"] += chunk["text"]
            elif chunk["text"]:
                blocks.append({"type": "markdown", "text": chunk["text"]})
        elif kind == "blocks":
            blocks += chunk.get("blocks") or ()
        else:
            if mode == "plan" and plan is None:
                plan = {"type": "plan", "title": "Thinking", "tasks": []}
                blocks.append(plan)
            if kind == "plan_update":
                if plan is not None:
                    plan["title"] = chunk["title"]
            else:
                _update_task(chunk, tasks, plan["tasks"] if plan is not None else blocks)
    return blocks


def _update_task(chunk: Json, tasks: dict[str, Json], home: list[Json]) -> None:
    card = tasks.get(chunk["id"])
    if card is None:
        card = tasks[chunk["id"]] = {"type": "task_card", "task_id": chunk["id"]}
        home.append(card)
    card |= {"title": chunk["title"], "status": chunk.get("status") or "pending"}
    for name in ("details", "output"):
        if chunk.get(name):
            # What a task says grows with each update, like the text around it.
            shown = card[name]["elements"][0]["elements"][0]["text"] if name in card else ""
            card[name] = _rich(shown + chunk[name])
    if chunk.get("sources"):
        card["sources"] = [*card.get("sources", ()), *chunk["sources"]]


def _rich(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


METHODS = (
    Method("chat.appendStream", _append, ("chat:write",), Tier.T4),
    Method("chat.startStream", _start, ("chat:write",), Tier.T2),
    Method("chat.stopStream", _stop, ("chat:write",), Tier.T2),
)
