"""Finds the interactive elements in blocks, however deep they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.playground.workspace.values import Json


def elements_of(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """All interactive elements with the block each stands in."""
    for block in blocks:
        for nested in ("child_blocks", "tasks"):
            yield from elements_of(block.get(nested) or ())
        if block.get("type") == "carousel":
            yield from elements_of(block["elements"])
            continue
        inside = [block.get("accessory"), block.get("element")]
        inside += block.get("elements") or ()
        inside += block.get("actions") or ()
        for element in inside:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element


def find_element(blocks: Sequence[Json], action_id: str) -> tuple[Json, Json] | None:
    """The block and the element with this action id."""
    return next((pair for pair in elements_of(blocks) if pair[1]["action_id"] == action_id), None)
