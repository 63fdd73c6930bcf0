"""Slack's limits, each with its name and a way to keep to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ELLIPSIS = "…"


def length(text: str) -> int:
    """Characters as Slack counts them: UTF-16 units, so an emoji outside the BMP is two."""
    return len(text) + sum(character > "\uffff" for character in text)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `characters` of text in one place."""

    characters: int

    def fits(self, text: str) -> bool:
        return length(text) <= self.characters

    def head(self, text: str) -> str:
        """The beginning, cut at a word where one is near, with an ellipsis."""
        if self.fits(text):
            return text
        cut = _first(text, self.characters - 1)
        ends_a_word = text[len(cut) : len(cut) + 1].isspace()
        at_word = cut if ends_a_word else cut.rsplit(" ", 1)[0]
        return (at_word if len(at_word) > len(cut) * 2 // 3 else cut).rstrip() + ELLIPSIS

    def tail(self, text: str) -> str:
        """The end, cut at a line where one is near: the end of a traceback says what broke."""
        if self.fits(text):
            return text
        cut = _first(text[::-1], self.characters - 2)[::-1]
        at_line = cut.split("\n", 1)[-1]
        return f"{ELLIPSIS}\n{at_line if len(at_line) > len(cut) * 2 // 3 else cut}"


def _first(text: str, units: int) -> str:
    while length(text) > units:
        text = text[: len(text) - max(1, (length(text) - units) // 2)]
    return text


# docs.slack.dev/reference/block-kit, and the checks of slack_sdk.models.
HEADER_TEXT = Limit(150)
# Not documented for rich text; what a section takes is taken to hold for it too.
RICH_TEXT = Limit(3_000)
CONTEXT_TEXT = Limit(2_000)
BUTTON_TEXT = Limit(75)
BUTTON_VALUE = Limit(2_000)
BUTTON_URL = Limit(3_000)
OPTION_TEXT = Limit(75)
OPTION_VALUE = Limit(150)
MODAL_TITLE = Limit(24)
PLACEHOLDER_TEXT = Limit(150)
PLAN_TEXT = Limit(256)
ALT_TEXT = Limit(1_000)
FILE_TITLE = Limit(250)

# Slack cuts at 40,000 and recommends no more than this for what stands beside blocks.
MESSAGE_TEXT = Limit(4_000)

BLOCKS_PER_MESSAGE = 50
ELEMENTS_PER_ACTIONS = 25
ELEMENTS_PER_CONTEXT = 10
OPTIONS_PER_SELECT = 100
ROWS_PER_TABLE = 100

# Undocumented: Slack refuses about 13,200 characters of all blocks together with
# msg_blocks_too_long. What it counts is unknown, so the JSON in its longest spelling is ours.
BLOCKS_JSON_MAX = 12_000


def blocks_length(blocks: Sequence[dict[str, Any]]) -> int:
    """Characters of all blocks together, as JSON with every non-ASCII character escaped."""
    return len(json.dumps(list(blocks)))
