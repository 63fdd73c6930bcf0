"""The same pairs in the form that OpenAI's fine-tuning API takes."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.datasets import Example
from bot.learning.formats import Column, Format, Row
from bot.learning.formats.dpo import rows as pairs


def rows(example: Example) -> Iterator[Row]:
    for pair in pairs(example):
        yield {
            "input": {"messages": pair["prompt"]},
            "preferred_output": pair["chosen"],
            "non_preferred_output": pair["rejected"],
        }


FORMAT = Format(
    name="openai_dpo",
    about="the pairs of dpo in the form of OpenAI's fine-tuning API",
    columns={
        "input": Column.JSON,
        "preferred_output": Column.CHAT,
        "non_preferred_output": Column.CHAT,
    },
    rows=rows,
    is_bare=True,
)
