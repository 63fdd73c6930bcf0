"""The emoji that the workspace knows by name; the page draws from the same table."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def _table() -> dict[str, str]:
    source = files("bot.playground.workspace").joinpath("assets/emoji.json")
    table: dict[str, str] = json.loads(source.read_text("utf-8"))
    return table


def is_known(name: str) -> bool:
    """Whether `name` (without colons, a skin tone allowed) can be a reaction."""
    return name.split("::")[0] in _table()
