"""Tables of rows: what is read back from them is what the JSON lines say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.dataset.tables import write_table
from bot.learning.formats import Column, formats
from bot.learning.rows import PROVENANCE, provenance_of
from tests.fakes.lessons import CORRECTED, example

MESSAGE = ("tool_calls", "tool_call_id", "content")


@settings(max_examples=20)
@given(said=st.text(max_size=60))
def test_every_row_comes_back_from_its_table(tmp_path_factory: Any, said: str) -> None:
    file = Path(tmp_path_factory.mktemp("table"), "rows.parquet")
    for form in formats().values():
        columns = {**PROVENANCE, **form.columns}
        rows = [
            {**provenance_of(of), **row}
            for of in (example(1, question=said), example(2, answer=said, **CORRECTED))
            for row in form.rows(of)
        ]

        assert write_table(file, columns, iter(rows)) == len(rows)

        back = pq.read_table(file).to_pylist()
        assert [plain(row, columns) for row in back] == [
            {name: row.get(name) for name in columns} for row in rows
        ]


def plain(row: dict[str, Any], columns: dict[str, Column]) -> dict[str, Any]:
    """As in the JSON lines: trees read, and keys left out that a message does not have."""
    found = dict(row)
    for name, column in columns.items():
        if column is Column.JSON and row[name] is not None:
            found[name] = json.loads(row[name])
        if column is Column.TOOL_CHAT:
            found[name] = [
                {
                    key: value
                    for key, value in one.items()
                    if key not in MESSAGE or value is not None
                }
                for one in row[name]
            ]
    return found


def test_a_table_without_rows_has_its_columns_all_the_same(tmp_path: Path) -> None:
    assert write_table(tmp_path / "none.parquet", PROVENANCE, iter(())) == 0
    assert pq.read_schema(tmp_path / "none.parquet").names == list(PROVENANCE)
    # What wrote it is named, and nothing of when or where.
    assert set(pq.read_schema(tmp_path / "none.parquet").metadata or {}) <= {b"ARROW:schema"}
