"""Evidence and its verdict, to train or measure a classifier."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.datasets import Example
from bot.learning.formats import Column, Format, Row


def rows(example: Example) -> Iterator[Row]:
    truth = example.truth
    if truth is None or not example.evidence:
        return
    kind, cause = truth
    yield {
        "text": example.evidence,
        "label": kind.value,
        "cause": cause,
        "labelled_by": example.source.value,
    }


FORMAT = Format(
    name="classification",
    about="what was seen of a failure and what the verdict is",
    columns={
        "text": Column.TEXT,
        "label": Column.TEXT,
        "cause": Column.TEXT,
        "labelled_by": Column.TEXT,
    },
    rows=rows,
    task="text-classification",
)
