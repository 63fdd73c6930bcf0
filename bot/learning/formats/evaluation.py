"""Failures with the verdict that people found, in the form that `airflow-bot eval` measures by."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.datasets import Example, Judgement, Source
from bot.learning.formats import Column, Format, Row


def rows(example: Example) -> Iterator[Row]:
    """Only of what people judged: else the bot would be measured by itself."""
    truth = example.truth
    if example.seen is None or truth is None or example.source is Source.RULES:
        return
    is_right = example.judgement is Judgement.RIGHT
    yield {
        "id": example.id,
        "evidence": example.seen,
        "expected": {
            "verdict": truth[0].value,
            "cause": truth[1],
            "root_line": example.said.line if example.said and is_right else "",
        },
        "source": f"conversations:{example.provenance.origin.value}",
    }


FORMAT = Format(
    name="evaluation",
    about="failures whose verdict people found, for airflow-bot eval",
    columns={
        "id": Column.TEXT,
        "evidence": Column.JSON,
        "expected": Column.JSON,
        "source": Column.TEXT,
    },
    rows=rows,
    task="text-classification",
)
