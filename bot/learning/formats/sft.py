"""Chats with a tool call, for supervised fine-tuning: in the form of OpenAI's API, key for key."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.datasets import Example
from bot.learning.formats import Column, Format, Row
from bot.learning.formats.chat import TOOL, answer, opening, prompt, reading, right_answer


def rows(example: Example) -> Iterator[Row]:
    said = right_answer(example)
    if not said:
        return
    read = reading(example)
    begun = [*opening(example), *read] if read else prompt(example)
    row: Row = {"messages": [*begun, answer(said)]}
    if read:
        row |= {"tools": [TOOL], "parallel_tool_calls": False}
    yield row


FORMAT = Format(
    name="sft",
    about="chats with the tool that reads the evidence, for supervised fine-tuning",
    columns={
        "messages": Column.TOOL_CHAT,
        "tools": Column.JSON,
        "parallel_tool_calls": Column.TRUTH,
    },
    rows=rows,
    is_bare=True,
)
