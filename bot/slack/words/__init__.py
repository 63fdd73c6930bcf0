"""The fixed words of a card in other languages: one file each, from the English words.

What a model, a runbook or Airflow says is not here; it stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


def translated(block: dict[str, Any], language: str) -> dict[str, Any]:
    """The block with its headings, labels in bold and buttons in that language, where known."""
    table = _table(language)
    if not table:
        return block
    found: dict[str, Any] = _walked(block, table)
    return found


@cache
def _table(language: str) -> Mapping[str, str]:
    """Empty for English and for what there is no file of."""
    path = resources.files(__name__) / f"{language}.json"
    if not language.isalpha() or not path.is_file():
        return {}
    table: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return table


def _walked(node: Any, table: Mapping[str, str]) -> Any:
    if isinstance(node, list | tuple):
        return [_walked(one, table) for one in node]
    if not isinstance(node, dict):
        return node
    if _is_fixed(node):
        return {**node, "text": _word(node["text"], table)}
    return {key: _walked(one, table) for key, one in node.items()}


def _word(text: str, table: Mapping[str, str]) -> str:
    """Headings have a sign before their words, and behind a dot what they are about."""
    if text in table:
        return table[text]
    words, dot, rest = text.partition(" · ")
    sign, blank, heading = words.partition(" ")
    if not blank or any(one.isalnum() for one in sign):
        sign, blank, heading = "", "", words
    return f"{sign}{blank}{table.get(heading, heading)}{dot}{rest}"


def _is_fixed(node: Mapping[str, Any]) -> bool:
    """Foreign text may read like ours; in bold, on buttons and in headers there is none."""
    if not isinstance(node.get("text"), str):
        return False
    if node.get("type") == "plain_text":
        return True
    style = node.get("style")
    return node.get("type") == "text" and isinstance(style, dict) and bool(style.get("bold"))
