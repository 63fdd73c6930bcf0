"""Files of JSON lines as tables (Parquet): the same rows, with a type for every column."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bot.learning.formats import Column

_ROWS = 1_000  # at a time
_CALL = pa.struct(
    [
        ("id", pa.string()),
        ("type", pa.string()),
        ("function", pa.struct([("name", pa.string()), ("arguments", pa.string())])),
    ]
)
_TYPES: Mapping[Column, pa.DataType] = {
    Column.TEXT: pa.string(),
    Column.JSON: pa.string(),
    Column.NUMBER: pa.int64(),
    Column.TRUTH: pa.bool_(),
    Column.CHAT: pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
    Column.TOOL_CHAT: pa.list_(
        pa.struct(
            [
                ("role", pa.string()),
                ("content", pa.string()),
                ("tool_calls", pa.list_(_CALL)),
                ("tool_call_id", pa.string()),
            ]
        )
    ),
}


def write_table(to: Path, columns: Mapping[str, Column], lines: Iterator[Mapping[str, Any]]) -> int:
    """How many rows there were. Memory holds a thousand of them."""
    schema = pa.schema([(name, _TYPES[column]) for name, column in columns.items()])
    as_json = [name for name, column in columns.items() if column is Column.JSON]
    count = 0
    with pq.ParquetWriter(to, schema, compression="zstd", version="2.6") as writer:
        while some := list(islice(lines, _ROWS)):
            rows = [{**row, **_texts(row, as_json)} for row in some]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def _texts(row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, str]:
    """Trees have no type in common: readers take them as JSON text."""
    return {
        name: json.dumps(row[name], ensure_ascii=False)
        for name in columns
        if row.get(name) is not None
    }
