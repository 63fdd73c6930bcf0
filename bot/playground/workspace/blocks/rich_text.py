"""The parts of rich text: sections, lists, quotes, preformatted text and what stands in them."""

from __future__ import annotations

from typing import Any

from bot.playground.workspace.blocks.rules import (
    Findings,
    Rule,
    anything,
    array,
    shape,
    string,
    url,
    whole,
)

_INLINE = {
    "text": shape("text", text=string(40_000), style=anything),
    "link": shape("url", url=url(), text=string(40_000, 0), style=anything, unsafe=anything),
    "user": shape("user_id", user_id=string(255), style=anything),
    "channel": shape("channel_id", channel_id=string(255), style=anything),
    "usergroup": shape("usergroup_id", usergroup_id=string(255), style=anything),
    "broadcast": shape("range", range=anything, style=anything),
    "emoji": shape("name", name=string(255), unicode=anything, skin_tone=anything, style=anything),
    "date": shape(
        "timestamp format",
        timestamp=anything,
        format=anything,
        url=anything,
        fallback=anything,
        style=anything,
    ),
    "color": shape("value", value=string(255), style=anything),
    "team": shape("team_id", team_id=string(255), style=anything),
}


def _inline(value: Any, pointer: str, findings: Findings) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in _INLINE:
        findings.add(pointer, f"unsupported type: {kind}")
    else:
        _INLINE[kind].check(value, pointer, findings)


_RUN = array(_inline, 10_000, 0)
_PARTS = {
    "rich_text_section": shape("elements", elements=_RUN),
    "rich_text_quote": shape("elements", elements=_RUN, border=whole(0, 1)),
    "rich_text_preformatted": shape(
        "elements", elements=_RUN, border=whole(0, 1), language=anything
    ),
}


def _section_only(value: Any, pointer: str, findings: Findings) -> None:
    if not isinstance(value, dict) or value.get("type") != "rich_text_section":
        findings.add(pointer, "must be a rich_text_section")
    else:
        _PARTS["rich_text_section"].check(value, pointer, findings)


_PARTS["rich_text_list"] = shape(
    "elements style",
    elements=array(_section_only, 10_000, 0),
    style=anything,
    indent=whole(0, 8),
    offset=whole(0, 100_000),
    border=whole(0, 1),
)


def part(value: Any, pointer: str, findings: Findings) -> None:
    """One element of a rich_text block."""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in _PARTS:
        findings.add(pointer, f"unsupported type: {kind}")
    else:
        _PARTS[kind].check(value, pointer, findings)


def rich_text(value: Any, pointer: str, findings: Findings) -> None:
    """A whole rich_text block inside another one (a table cell, a task's details)."""
    if not isinstance(value, dict) or value.get("type") != "rich_text":
        findings.add(pointer, "must be a rich_text block")
    else:
        RICH_TEXT(value.get("elements"), f"{pointer}/elements", findings)


RICH_TEXT: Rule = array(part, 10_000, 0)
