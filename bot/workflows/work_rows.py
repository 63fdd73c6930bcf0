"""The rows of durable work, for statements that hold them against rows of the bot's own."""

from __future__ import annotations

from sqlalchemy import BigInteger, Select, Subquery, TableClause, Text, column, func, select, table

from bot.domain.work import WorkStatus
from bot.workflows.databases import SCHEMA, VERSION, is_sqlite
from bot.workflows.views import STATUSES

_TEXTS = ("workflow_uuid", "status", "application_version")


def work_rows(url: str, status: WorkStatus | None = None) -> Subquery:
    """`key` and `taken_on` (milliseconds since 1970) of all work, or of that with `status`."""
    work = _table(url)
    rows = select(work.c.workflow_uuid.label("key"), work.c.created_at.label("taken_on"))
    if status is not None:
        rows = rows.where(work.c.status.in_(STATUSES[status]))
    return rows.subquery()


def foreign_versions(url: str) -> Select[str, int]:
    """Versions of steps that are not ours, each with how much unfinished work is of it."""
    work = _table(url)
    unfinished = (*STATUSES[WorkStatus.WAITING], *STATUSES[WorkStatus.RUNNING])
    return (
        select(work.c.application_version, func.count())
        .where(work.c.status.in_(unfinished), work.c.application_version != VERSION)
        .group_by(work.c.application_version)
        .order_by(work.c.application_version)
    )


def _table(url: str) -> TableClause:
    schema = None if is_sqlite(url) else SCHEMA
    columns = [column(name, Text) for name in _TEXTS]
    return table("workflow_status", *columns, column("created_at", BigInteger), schema=schema)
