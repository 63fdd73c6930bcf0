"""Every block with its limits and surfaces, and the verdict over a whole message or view."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.playground.workspace.blocks import elements as e
from bot.playground.workspace.blocks.rich_text import RICH_TEXT, rich_text
from bot.playground.workspace.blocks.rules import (
    Findings,
    Rule,
    Shape,
    Surface,
    anything,
    array,
    flag,
    needs_one,
    of_shape,
    one_of,
    plain,
    shape,
    string,
    text,
    url,
)
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.values import Json

MOST_BLOCKS = {Surface.MESSAGE: 50, Surface.MODAL: 100, Surface.HOME: 100}
MARKDOWN_MAX = 12_000
"""Over all markdown blocks of one payload together."""
MESSAGE_BLOCKS_MAX = 13_200
"""Characters of all blocks of a message; undocumented, seen on the real service."""
PRIVATE_METADATA_MAX = 3_000

_MESSAGE = frozenset({Surface.MESSAGE})
_MODAL = frozenset({Surface.MODAL})
_TASK_STATUS = one_of("pending", "in_progress", "complete", "error")


def _on(surfaces: frozenset[Surface], block: Shape) -> Shape:
    return replace(block, surfaces=surfaces)


def _markdown(value: Any, pointer: str, findings: Findings) -> None:
    string(MARKDOWN_MAX)(value, pointer, findings)
    findings.markdown_length += len(value) if isinstance(value, str) else 0


def _cell(value: Any, pointer: str, findings: Findings) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "rich_text":
        rich_text(value, pointer, findings)
    elif kind == "raw_text":
        string(10_000)(value.get("text"), f"{pointer}/text", findings)
    elif kind != "raw_number":
        findings.add(pointer, f"unsupported type: {kind}")


def _settings(value: Any, pointer: str, findings: Findings) -> None:
    if value is not None and not isinstance(value, dict):
        findings.add(pointer, "must provide an object")


def _nested(*kinds: str) -> Rule:
    """A block inside a block."""

    def rule(value: Any, pointer: str, findings: Findings) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kinds and kind not in kinds:
            findings.add(pointer, f"unsupported type: {kind}")
        else:
            check_block(value, pointer, findings)

    return rule


_SOURCE = of_shape(shape("url text", url=url(), text=string(1000)))
_BUTTONS = array(e.element(frozenset({"button", "workflow_button"})), 5)

BLOCKS: dict[str, Shape] = {
    "section": shape(
        text=text(3000),
        fields=array(text(2000), 10),
        accessory=e.element(e.IN_SECTION),
        expand=flag,
        also=needs_one("text", "fields"),
    ),
    "header": shape("text", text=plain(150), level=anything),
    "divider": shape(),
    "context": shape("elements", elements=array(e.context_element, 10)),
    "actions": shape("elements", elements=array(e.element(e.IN_ACTIONS), 25)),
    "context_actions": _on(
        _MESSAGE, shape("elements", elements=array(e.element(e.IN_CONTEXT_ACTIONS), 5))
    ),
    "image": shape(
        "alt_text",
        image_url=url(),
        slack_file=e.SLACK_FILE,
        alt_text=string(2000),
        title=plain(2000),
        also=needs_one("image_url", "slack_file"),
    ),
    "input": shape(
        "label element",
        label=plain(2000),
        element=e.element(e.IN_INPUT),
        hint=plain(2000),
        optional=flag,
        dispatch_action=flag,
    ),
    "markdown": _on(_MESSAGE, shape("text", text=_markdown)),
    "rich_text": shape("elements", elements=RICH_TEXT),
    "table": _on(
        _MESSAGE,
        shape("rows", rows=array(array(_cell, 20), 100), column_settings=array(_settings, 20, 0)),
    ),
    "video": shape(
        "alt_text title thumbnail_url video_url",
        alt_text=string(2000),
        title=plain(199),
        title_url=url(),
        thumbnail_url=url(),
        video_url=url(),
        description=plain(200),
        provider_icon_url=url(),
        provider_name=string(50),
        author_name=string(49),
    ),
    "task_card": _on(
        _MESSAGE,
        shape(
            "task_id title status",
            task_id=string(255),
            title=string(256),
            details=rich_text,
            output=rich_text,
            sources=array(_SOURCE, 50, 0),
            status=_TASK_STATUS,
        ),
    ),
    "plan": _on(
        _MESSAGE, shape("title", title=string(256), tasks=array(_nested("task_card"), 50, 0))
    ),
    "alert": _on(
        _MODAL,
        shape(
            "text",
            text=text(3000),
            level=one_of("default", "info", "warning", "error", "success"),
        ),
    ),
    "card": shape(
        hero_image=e.element(frozenset({"image"})),
        icon=e.element(frozenset({"image"})),
        title=text(150),
        subtitle=text(150),
        body=text(200),
        actions=_BUTTONS,
        also=needs_one("hero_image", "title", "actions", "body"),
    ),
    "carousel": _on(
        frozenset({Surface.MESSAGE, Surface.HOME}),
        shape("elements", elements=array(_nested("card"), 10)),
    ),
    "container": _on(
        _MESSAGE,
        shape(
            "child_blocks",
            title=plain(150),
            rich_text_title=rich_text,
            subtitle=text(150),
            child_blocks=array(_nested(), 10),
            width=one_of("narrow", "standard", "wide", "full"),
            icon=e.element(frozenset({"image"})),
            is_collapsible=flag,
            default_collapsed=flag,
            has_header_divider=flag,
            also=needs_one("title", "rich_text_title"),
        ),
    ),
    "file": _on(
        _MESSAGE, shape("external_id source", external_id=string(255), source=one_of("remote"))
    ),
}


def _block_id(value: Any, pointer: str, findings: Findings) -> None:
    string(e.ID_MAX)(value, pointer, findings)
    if isinstance(value, str):
        if value in findings.block_ids:
            findings.add(pointer, f"`block_id` {value!r} already exists")
        findings.block_ids.add(value)


def check_block(block: Any, pointer: str, findings: Findings) -> None:
    """Judges one block, wherever it stands."""
    kind = block.get("type") if isinstance(block, dict) else None
    known = BLOCKS.get(str(kind))
    if known is None or findings.surface not in known.surfaces:
        findings.add(pointer, f"unsupported type: {kind}")
        return
    findings.action_ids.clear()  # unique within its block, not over the message
    content = {name: value for name, value in block.items() if name != "block_id"}
    if "block_id" in block:
        _block_id(block["block_id"], f"{pointer}/block_id", findings)
    known.check(content, pointer, findings)


def check_blocks(blocks: Any, surface: Surface, *, code: str = "invalid_blocks") -> None:
    """Raises `SlackRefusal` as Slack would answer; returns where all is well."""
    findings = Findings(surface)
    if not isinstance(blocks, (list, tuple)):
        raise SlackRefusal(code, ["[ERROR] must be an array [json-pointer:/blocks]"])
    if len(blocks) > MOST_BLOCKS[surface]:
        findings.add("/blocks", f"no more than {MOST_BLOCKS[surface]} items allowed")
    for index, block in enumerate(blocks):
        check_block(block, f"/blocks/{index}", findings)
    if findings.problems:
        raise SlackRefusal(
            code,
            [f"[ERROR] {problem}" for problem in findings.problems],
            errors=list(findings.problems),
        )
    if findings.markdown_length > MARKDOWN_MAX:
        raise SlackRefusal("msg_too_long", ["[ERROR] markdown blocks exceed 12000 characters"])
    if surface is Surface.MESSAGE and _length(blocks) > MESSAGE_BLOCKS_MAX:
        raise SlackRefusal("msg_blocks_too_long")


def _length(blocks: Sequence[Json]) -> int:
    return len(json.dumps(list(blocks), ensure_ascii=False, separators=(",", ":")))


VIEW = shape(
    "blocks",
    title=plain(24),
    submit=plain(24),
    close=plain(24),
    blocks=anything,
    private_metadata=string(PRIVATE_METADATA_MAX, 0),
    callback_id=string(255, 0),
    external_id=string(255, 0),
    clear_on_close=flag,
    notify_on_close=flag,
    submit_disabled=flag,
)


def check_view(view: Json) -> None:
    """Judges a modal or a Home tab; an input in a modal demands a submit button."""
    kind = view.get("type")
    if kind not in ("modal", "home"):
        raise SlackRefusal("invalid_arguments", [f"[ERROR] unsupported type: {kind}"])
    findings = Findings(Surface(kind))
    VIEW.check(view, "/view", findings)
    if kind == "modal" and "title" not in view:
        findings.add("/view", "missing required field: title")
    blocks = view.get("blocks")
    shown = blocks if isinstance(blocks, list) else []
    has_input = any(isinstance(block, dict) and block.get("type") == "input" for block in shown)
    if kind == "modal" and has_input and not view.get("submit"):
        findings.add("/view", "missing required field: submit")
    if findings.problems:
        raise SlackRefusal("invalid_arguments", [f"[ERROR] {text}" for text in findings.problems])
    check_blocks(blocks, Surface(kind), code="invalid_arguments")
