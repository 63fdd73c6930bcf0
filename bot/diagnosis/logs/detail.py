"""Writes Airflow 3's structured exceptions out as the tracebacks that Python would print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HEADER = "Traceback (most recent call last):"
DURING = "During handling of the above exception, another exception occurred:"
CAUSE = "The above exception was the direct cause of the following exception:"

_DEPTH_MAX = 8


def detail_lines(detail: Any, depth: int = 0) -> list[str]:
    """Lines of the chain, deepest cause first; [] for anything that is no such list."""
    if not isinstance(detail, list) or depth > _DEPTH_MAX:
        return []
    chain = [item for item in detail if isinstance(item, dict)]
    lines: list[str] = []
    for index in range(len(chain) - 1, -1, -1):
        if lines:
            # "is_cause" says how this deeper exception relates to the one raised after it.
            lines += ["", CAUSE if chain[index + 1].get("is_cause") else DURING, ""]
        lines += _exception_lines(chain[index], depth)
    return lines


def _exception_lines(item: dict[str, Any], depth: int) -> Iterator[str]:
    for group in _list(item.get("exceptions")):
        yield from detail_lines(group if isinstance(group, list) else [group], depth + 1)
        yield from ("", CAUSE, "")
    yield HEADER
    for frame in _list(item.get("frames")):
        if isinstance(frame, dict):
            yield f"{_where(frame)}, in {frame.get('name')}"
    syntax = item.get("syntax_error")
    if isinstance(syntax, dict):
        yield _where(syntax)
        yield "    " + str(syntax.get("line") or "").strip()
    value = str(item.get("exc_value") or "")
    kind = str(item.get("exc_type") or "Exception")
    yield from (f"{kind}: {value}" if value else kind).split("\n")
    for note in _list(item.get("exc_notes")):
        yield from str(note).split("\n")


def _where(place: dict[str, Any]) -> str:
    return f'  File "{place.get("filename")}", line {place.get("lineno") or 0}'


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
