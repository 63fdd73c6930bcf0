"""The arguments of one Web API call, whichever way they were sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.values import Json

STRUCTURED = frozenset(
    (
        "attachments",
        "blocks",
        "chunks",
        "files",
        "loading_messages",
        "metadata",
        "prompts",
        "unfurls",
        "view",
    )
)
"""Arguments that forms carry as JSON text."""


class Arguments:
    """Reads arguments by type; a missing or misshapen one is refused as Slack does."""

    def __init__(self, sent: Mapping[str, Any]) -> None:
        self.sent = {name: _decoded(name, value) for name, value in sent.items() if value != ""}

    def __contains__(self, name: str) -> bool:
        return self.sent.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A required text, or `default` where one is given."""
        value = self.sent.get(name)
        if value is None:
            if default is None:
                raise SlackRefusal("invalid_arguments", [f"[ERROR] missing required field: {name}"])
            return default
        if isinstance(value, (dict, list)):
            raise SlackRefusal("invalid_arguments", [f"[ERROR] must be a string: {name}"])
        return str(value)

    def optional(self, name: str) -> str | None:
        return self.text(name) if name in self else None

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.sent.get(name, default))
        except (TypeError, ValueError):
            raise SlackRefusal("invalid_arguments", [f"[ERROR] must be a number: {name}"]) from None

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.sent.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def names(self, name: str) -> tuple[str, ...]:
        """A list of texts, or one text with commas."""
        value = self.sent.get(name)
        if isinstance(value, str):
            return tuple(value.split(","))
        if value is not None and not isinstance(value, list):
            raise SlackRefusal("invalid_arguments", [f"[ERROR] must be an array: {name}"])
        return tuple(str(item) for item in value or ())

    def objects(self, name: str) -> tuple[Json, ...]:
        value = self.sent.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise SlackRefusal(f"invalid_{name}_format" if name == "blocks" else f"invalid_{name}")
        return tuple(value)

    def object(self, name: str) -> Json | None:
        value = self.sent.get(name)
        if value is not None and not isinstance(value, dict):
            raise SlackRefusal("invalid_arguments", [f"[ERROR] must be an object: {name}"])
        return value


def _decoded(name: str, value: Any) -> Any:
    if name not in STRUCTURED or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        code = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
        raise SlackRefusal(code, [f"[ERROR] not valid JSON: {name}"]) from None
