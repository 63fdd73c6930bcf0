"""Many jobs put into DBOS' tables with as few statements as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import msgspec
from dbos import DBOSClient
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Dialect, Executable

from bot.domain.work import Job
from bot.workflows.databases import SCHEMA
from bot.workflows.queues import options_of

Values = Mapping[str, Any]

_TABLES = ("workflow_status", "workflow_input")


def enqueue_all(
    client: DBOSClient, dialect: Dialect, connection: Connection, jobs: Sequence[Job]
) -> None:
    """Within the caller's transaction. A key that is taken already changes nothing.

    `dialect` is that of the client's own engine: for it DBOS keeps its statements compiled.
    """
    notes = [_Notes(dialect) for _ in jobs]
    for job, taken in zip(jobs, notes, strict=True):
        client.enqueue_in_transaction(cast(Connection, taken), options_of(job), job)
    # Of each job first its state, then what it refers to that.
    for table, alike in zip(
        _TABLES, zip(*(taken.rows for taken in notes), strict=True), strict=True
    ):
        insert = _insert(table, tuple(alike[0]), is_sqlite=connection.dialect.name == "sqlite")
        rows = msgspec.json.encode(alike, enc_hook=_inside)
        connection.exec_driver_sql(insert, (rows.decode(),))


@lru_cache
def _insert(table: str, columns: tuple[str, ...], *, is_sqlite: bool) -> str:
    """Takes any number of rows as one JSON text: what a statement costs, it costs once."""
    names = ", ".join(columns)
    if is_sqlite:
        values = ", ".join(f"value ->> '{name}'" for name in columns)
        # Without WHERE, SQLite would take ON for that of a join.
        rows, into = f"{values} FROM json_each(?) WHERE true", table
    else:
        into = f"{SCHEMA}.{table}"
        rows = f"{names} FROM json_populate_recordset(NULL::{into}, %s::json)"
    return f"INSERT INTO {into} ({names}) SELECT {rows} ON CONFLICT DO NOTHING"


def _inside(value: object) -> object:
    """What the driver was to be given as JSON within the row."""
    if isinstance(value, Jsonb):
        return value.obj
    raise TypeError(f"DBOS keeps a {type(value).__name__} with its work, which is not known here.")


class _Notes:
    """Stands where DBOS expects a connection, and writes down what it would have inserted.

    DBOS inserts a job with a statement for its state and another for its input; each costs a way
    to the database and back, while an acknowledgement waits. Those of several jobs go together.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.rows: list[Values] = []

    def get_execution_options(self) -> Values:
        return {}

    def execution_options(self, **_: Any) -> None:
        """Where DBOS' tables are, which we say ourselves."""

    def exec_driver_sql(self, _: str, values: Values) -> _Nothing:
        self.rows.append(values)
        return _Nothing()

    def execute(self, _: Executable, values: Values) -> _Nothing:
        self.rows.append(values)
        return _Nothing()


class _Nothing:
    """The state of a job that was not there before; its key is new as the caller found out."""

    def fetchone(self) -> None:
        return None
