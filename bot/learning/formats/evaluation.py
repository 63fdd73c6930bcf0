"""Failures with the verdict that people found, in the form that `airflow-bot eval` measures by."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.datasets import Example, Judgement, Source
from bot.learning.formats import Column, Format, Row


def rows(example: Example) -> Iterator[Row]:
    """Only of what people judged: else the bot would be measured by itself."""
    seen, truth = example.failure, example.truth
    if seen is None or truth is None or example.source is Source.RULES:
        return
    is_right = example.judgement is Judgement.RIGHT
    row: Row = {
        "id": example.id,
        "log": seen.log,
        "extra": dict(seen.extra),
        "airflow_version": seen.airflow_version,
        "executor": seen.executor,
        "operator": seen.operator,
        "state": seen.state,
        "try_number": seen.try_number,
        "max_tries": seen.max_tries,
        "expected": {
            "verdict": truth[0].value,
            "cause": truth[1],
            "root_line": example.said.line if example.said and is_right else "",
        },
        "source": f"conversations:{example.provenance.origin.value}",
    }
    yield row


FORMAT = Format(
    name="evaluation",
    about="failures whose verdict people found, for airflow-bot eval",
    columns={
        "id": Column.TEXT,
        "log": Column.TEXT,
        "extra": Column.JSON,
        "airflow_version": Column.TEXT,
        "executor": Column.TEXT,
        "operator": Column.TEXT,
        "state": Column.TEXT,
        "try_number": Column.NUMBER,
        "max_tries": Column.NUMBER,
        "expected": Column.JSON,
        "source": Column.TEXT,
    },
    rows=rows,
    task="text-classification",
)
