"""The columns that every row of a dataset has: where it comes from, and until when it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.domain.datasets import Example, Split
from bot.learning.formats import Column, Format, Row

PROVENANCE: Mapping[str, Column] = {
    "id": Column.TEXT,
    "origin": Column.TEXT,
    "workspace": Column.TEXT,
    "consent": Column.TEXT,
    "expires_at": Column.TEXT,
    "fingerprint": Column.TEXT,
    "asked_at": Column.TEXT,
    "language": Column.TEXT,
}


def provenance_of(example: Example) -> Row:
    of = example.provenance
    return {
        "id": example.id,
        "origin": of.origin.value,
        "workspace": of.workspace,
        "consent": of.consent,
        "expires_at": of.expires_at.isoformat() if of.expires_at else None,
        "fingerprint": example.fingerprint,
        "asked_at": example.asked_at.isoformat(),
        "language": example.language,
    }


def lines_of(form: Format, split: Split, example: Example) -> Iterator[tuple[str, Row]]:
    """What the example gives to which files, line by line."""
    for row in form.rows(example):
        if form.is_bare:
            yield path_of(form.name, split), row
            yield beside_of(form.name, split), provenance_of(example)
        else:
            yield path_of(form.name, split), {**provenance_of(example), **row}


def path_of(form: str, split: Split) -> str:
    return f"{form}/{split.value}.jsonl"


def beside_of(form: str, split: Split) -> str:
    """Where the rows of a bare format come from, line by line."""
    return f"{form}/{split.value}.provenance.jsonl"


def table_of(form: str, split: Split) -> str:
    return f"{form}/{split.value}.parquet"
