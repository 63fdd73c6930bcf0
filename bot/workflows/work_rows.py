"""DBOS' table of durable work, for statements that DBOS itself does not offer."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    TableClause,
    Text,
    column,
    func,
    make_url,
    or_,
    select,
    table,
)

from bot.domain.work import WorkStatus
from bot.workflows.databases import APPLICATION, SCHEMA, VERSION
from bot.workflows.views import STATUSES

_TEXTS = (
    "workflow_uuid",
    "status",
    "queue_name",
    "queue_partition_key",
    "executor_id",
    "owner_xid",
    "application_version",
    "application_name",
)
_NUMBERS = (
    "recovery_attempts",
    "created_at",
    "updated_at",
    "started_at_epoch_ms",
    "delay_until_epoch_ms",
)


def work_table(dialect: str) -> TableClause:
    """The columns that we know of. Times are in milliseconds since 1970."""
    schema = None if dialect == "sqlite" else SCHEMA
    texts = [column(name, Text) for name in _TEXTS]
    numbers = [column(name, BigInteger) for name in _NUMBERS]
    return table("workflow_status", *texts, *numbers, schema=schema)


def is_ours(work: TableClause) -> ColumnElement[bool]:
    """Other applications of DBOS may keep their work in the same table."""
    name = work.c.application_name
    return or_(name == APPLICATION, name.is_(None))


def work_rows(url: str, status: WorkStatus | None = None) -> Subquery:
    """`key` and `taken_on` (milliseconds since 1970) of all work, or of that with `status`."""
    work = work_table(make_url(url).get_backend_name())
    rows = select(work.c.workflow_uuid.label("key"), work.c.created_at.label("taken_on"))
    rows = rows.where(is_ours(work))
    if status is not None:
        rows = rows.where(work.c.status.in_(STATUSES[status]))
    return rows.subquery()


def foreign_versions(url: str) -> Select[str, int]:
    """Versions of steps that are not ours, each with how much unfinished work is of it."""
    work = work_table(make_url(url).get_backend_name())
    unfinished = (*STATUSES[WorkStatus.WAITING], *STATUSES[WorkStatus.RUNNING])
    return (
        select(work.c.application_version, func.count())
        .where(is_ours(work), work.c.status.in_(unfinished))
        .where(work.c.application_version != VERSION)
        .group_by(work.c.application_version)
        .order_by(work.c.application_version)
    )
