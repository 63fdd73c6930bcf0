"""What somebody filled into a form whose blocks and inputs bear the names of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.slack.surface_shapes import FilledView


def held_in(view: FilledView, field: str) -> Mapping[str, Any]:
    """The input as Slack sends it; empty where there is none."""
    return ((view.state or {}).get("values") or {}).get(field, {}).get(field) or {}


def chosen_in(view: FilledView, field: str) -> str:
    """The value of the option that was chosen, "" for none."""
    option = held_in(view, field).get("selected_option")
    value = option.get("value") if isinstance(option, Mapping) else None
    return value if isinstance(value, str) else ""


def typed_in(view: FilledView, field: str) -> str:
    """The text that was typed, "" for none."""
    value = held_in(view, field).get("value")
    return value.strip() if isinstance(value, str) else ""
