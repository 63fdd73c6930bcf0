"""Many jobs put into DBOS' tables with as few statements as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from dbos import DBOSClient
from sqlalchemy import Connection, Dialect, Executable

from bot.domain.work import Job
from bot.workflows.queues import options_of

Values = Mapping[str, Any]


def enqueue_all(
    client: DBOSClient, dialect: Dialect, connection: Connection, jobs: Sequence[Job]
) -> None:
    """Within the caller's transaction. A key that is taken already changes nothing.

    `dialect` is that of the client's own engine: for it DBOS keeps its statements compiled.
    """
    notes = [_Notes(dialect) for _ in jobs]
    for job, taken in zip(jobs, notes, strict=True):
        client.enqueue_in_transaction(cast(Connection, taken), options_of(job), job)
    for alike in zip(*(taken.statements for taken in notes), strict=True):
        statement, rows = alike[0][0], [dict(each) for _, each in alike]
        values = rows if len(rows) > 1 else rows[0]
        if isinstance(statement, str):
            connection.exec_driver_sql(statement, values)
        else:
            connection.execute(statement, values, execution_options=notes[0].options)


class _Notes:
    """Stands where DBOS expects a connection, and writes down what it would have executed.

    DBOS inserts a job with a statement for its state and another for its input; each costs a way
    to the database and back, while an acknowledgement waits. Its statements are the same for all
    jobs, so those of several go together.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.statements: list[tuple[str | Executable, Values]] = []
        self.options: dict[str, Any] = {}

    def get_execution_options(self) -> Values:
        return self.options

    def execution_options(self, **options: Any) -> None:
        self.options.update(options)

    def exec_driver_sql(self, statement: str, values: Values) -> _Nothing:
        self.statements.append((statement, values))
        return _Nothing()

    def execute(self, statement: Executable, values: Values) -> _Nothing:
        self.statements.append((statement, values))
        return _Nothing()


class _Nothing:
    """The state of a job that was not there before; its key is new as the caller found out."""

    def fetchone(self) -> None:
        return None
