"""Many jobs put into DBOS' tables with as few statements as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import msgspec
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Dialect, Engine, Executable

from bot.domain.work import Job
from bot.workflows.databases import POSTGRES_NOW, SCHEMA, SQLITE_NOW, client_of, open_engine
from bot.workflows.queues import IN_ORDER, alone, options_of
from bot.workflows.serializer import TypedJson

Values = Mapping[str, Any]

# Without WHERE, SQLite would take ON for that of a join.
_SQLITE_ROWS = "json_each(?) AS job WHERE true"


class Enqueuer:
    """Puts jobs into DBOS' tables, each with a time of arrival after that of the one before.

    DBOS does the work of a share by that time, in milliseconds, and then by key. It is the
    database's, since the clocks of several machines differ; left to DBOS, it would be the same for
    a whole transaction, and on SQLite for a whole second.
    """

    def __init__(self, serializer: TypedJson, database: Engine) -> None:
        # Connects to nothing, it only says what DBOS writes about a job: of PostgreSQL's kind for
        # every database, since only for that DBOS builds its statements once, not for each job.
        elsewhere = open_engine("postgresql+psycopg://", connections=1)
        self._dbos = client_of(elsewhere, serializer)
        self._dialect = elsewhere.dialect
        self._database = database
        self._next_arrival = 0  # milliseconds since 1970, not before

    def enqueue(self, connection: Connection, jobs: Sequence[Job]) -> None:
        """Within the caller's transaction. A key that is taken already changes nothing."""
        if not jobs:
            return
        notes = [_Notes(self._dialect) for _ in jobs]
        for job, taken in zip(jobs, notes, strict=True):
            stand_in = cast(Connection, taken)
            self._dbos.enqueue_in_transaction(stand_in, options_of(job), job)
        # Of each job first its state, then what it refers to that.
        states, inputs = zip(*(taken.rows for taken in notes), strict=True)
        is_sqlite = connection.dialect.name == "sqlite"
        insert = _insert_states(tuple(states[0]), is_sqlite=is_sqlite)
        arrivals = connection.exec_driver_sql(insert, (self._next_arrival, _as_json(states)))
        of_these = (arrival + 1 for (arrival,) in arrivals)
        self._next_arrival = max(of_these, default=self._next_arrival)
        insert = _insert_inputs(tuple(inputs[0]), is_sqlite=is_sqlite)
        connection.exec_driver_sql(insert, (_as_json(inputs),))

    def start(self, job: Job) -> None:
        """In a transaction of its own."""
        with self._database.begin() as connection:
            self.enqueue(connection, [job])


@lru_cache
def _insert_states(columns: tuple[str, ...], *, is_sqlite: bool) -> str:
    """Takes the earliest time of arrival, and any number of rows as one JSON text: what a
    statement costs, it costs once. Returns the times of arrival."""
    if is_sqlite:
        into = "workflow_status"
        arrival = f"max({SQLITE_NOW}, ?) + job.key"
        source = _SQLITE_ROWS
    else:
        into = f"{SCHEMA}.workflow_status"
        arrival = f"greatest({POSTGRES_NOW}, %s) + job.ordinality"
        source = f"json_populate_recordset(NULL::{into}, %s::json) WITH ORDINALITY AS job"
    given = {name: _given(name, is_sqlite=is_sqlite) for name in columns}
    given["queue_name"] = _queue(given["queue_name"], given["queue_partition_key"], into)
    rows = f"{arrival}, {', '.join(given.values())} FROM {source}"
    names = ", ".join(given)
    insert = f"INSERT INTO {into} (created_at, {names}) SELECT {rows}"
    return f"{insert} ON CONFLICT DO NOTHING RETURNING created_at"


def _queue(queue: str, share: str, table: str) -> str:
    """Where a job goes: what is done in order does not pass by what is done alone."""
    before = (
        f"{table} AS before WHERE before.queue_name = '{alone(IN_ORDER)}'"
        f" AND before.queue_partition_key = {share}"
        " AND before.status IN ('ENQUEUED', 'PENDING')"
    )
    is_behind = f"{queue} = '{IN_ORDER}' AND EXISTS (SELECT 1 FROM {before})"  # noqa: S608 -- ours
    return f"CASE WHEN {is_behind} THEN '{alone(IN_ORDER)}' ELSE {queue} END"


@lru_cache
def _insert_inputs(columns: tuple[str, ...], *, is_sqlite: bool) -> str:
    if is_sqlite:
        into, source = "workflow_input", _SQLITE_ROWS
    else:
        into = f"{SCHEMA}.workflow_input"
        source = f"json_populate_recordset(NULL::{into}, %s::json) AS job"
    given = [_given(name, is_sqlite=is_sqlite) for name in columns]
    rows = f"{', '.join(given)} FROM {source}"
    return f"INSERT INTO {into} ({', '.join(columns)}) SELECT {rows} ON CONFLICT DO NOTHING"


def _given(column: str, *, is_sqlite: bool) -> str:
    return f"job.value ->> '{column}'" if is_sqlite else f"job.{column}"


def _as_json(rows: Sequence[Values]) -> str:
    return msgspec.json.encode(rows, enc_hook=_inside).decode()


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
