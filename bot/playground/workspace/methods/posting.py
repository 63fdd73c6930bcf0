"""What all ways of writing a message share: its content, judged and completed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.playground.workspace.arguments import Arguments
from bot.playground.workspace.blocks import Surface, check_blocks
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.hub import Hub
from bot.playground.workspace.methods.registry import TS_FORM
from bot.playground.workspace.values import Json

TEXT_MAX = 40_000
MARKDOWN_TEXT_MAX = 12_000
METADATA_MAX = 8_000
"""Characters of a message's metadata as JSON; Slack names the error but not the figure."""

_WITH_ACTION_ID = ("button", "overflow", "checkboxes", "radio_buttons", "feedback_buttons")


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a message. `warnings` are Slack's, for the reply."""

    text: str
    blocks: tuple[Json, ...]
    attachments: tuple[Json, ...]
    metadata: Json | None
    warnings: tuple[str, ...] = ()


def read_content(hub: Hub, arguments: Arguments, *, may_be_empty: bool = False) -> Content:
    """Reads and judges text, markdown_text, blocks, attachments and metadata."""
    text = arguments.text("text", "")
    markdown = arguments.text("markdown_text", "")
    blocks = arguments.objects("blocks")
    attachments = arguments.objects("attachments")
    if markdown:
        if text or blocks:
            raise SlackRefusal("markdown_text_conflict")
        if len(markdown) > MARKDOWN_TEXT_MAX:
            raise SlackRefusal("msg_too_long")
        text, blocks = markdown, ({"type": "markdown", "text": markdown},)
    check_blocks(blocks, Surface.MESSAGE)
    if len(attachments) > 100:
        raise SlackRefusal("too_many_attachments")
    for attachment in attachments:
        check_blocks(attachment.get("blocks") or (), Surface.MESSAGE, code="invalid_attachments")
    if not (text or blocks or attachments or may_be_empty):
        raise SlackRefusal("no_text")
    warnings = ["message_truncated"] if len(text) > TEXT_MAX else []
    if (blocks or attachments) and not text:
        warnings.append("missing_text_in_message")
    return Content(
        text[:TEXT_MAX],
        with_ids(hub, blocks),
        attachments,
        _metadata(arguments),
        tuple(warnings),
    )


def _metadata(arguments: Arguments) -> Json | None:
    metadata = arguments.sent.get("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise SlackRefusal("invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata.get("event_type"), str) or not isinstance(
        metadata.get("event_payload"), dict
    ):
        raise SlackRefusal("invalid_metadata_schema")
    if len(json.dumps(metadata)) > METADATA_MAX:
        raise SlackRefusal("metadata_too_large")
    return metadata


def with_ids(hub: Hub, blocks: Sequence[Json]) -> tuple[Json, ...]:
    """The blocks with the ids that Slack makes up where the app gave none."""
    return tuple(_identified(hub, block) for block in blocks)


def _identified(hub: Hub, block: Json) -> Json:
    done = {**block, "block_id": block.get("block_id") or hub.new_id("b")}
    for name in ("child_blocks", "tasks"):
        if name in done:
            done[name] = list(with_ids(hub, done[name]))
    for name in ("accessory", "element"):
        if name in done:
            done[name] = _actionable(hub, done[name])
    for name in ("elements", "actions"):
        if name in done and done["type"] != "rich_text":
            done[name] = [_actionable(hub, item) for item in done[name]]
    return done


def _actionable(hub: Hub, element: Json) -> Json:
    kind = str(element.get("type"))
    if kind == "card":
        return _identified(hub, element)
    interactive = kind in _WITH_ACTION_ID or kind.endswith(("_select", "_input", "picker"))
    if (interactive or kind == "icon_button") and "action_id" not in element:
        return {**element, "action_id": hub.new_id("a")}
    return element


def read_thread(arguments: Arguments) -> str | None:
    """`thread_ts`, refused where it is not a ts at all."""
    thread_ts = arguments.optional("thread_ts")
    if thread_ts is not None and not TS_FORM.fullmatch(thread_ts):
        raise SlackRefusal("invalid_thread_ts")
    return thread_ts


def warned(reply: Json, warnings: Sequence[str]) -> Json:
    """The reply with Slack's warnings, if any."""
    if not warnings:
        return reply
    return reply | {
        "warning": ",".join(warnings),
        "response_metadata": {"warnings": list(warnings)},
    }
