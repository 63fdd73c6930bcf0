"""DBOS' table of durable work, for statements that DBOS itself does not offer."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    TableClause,
    Text,
    column,
    exists,
    func,
    literal_column,
    make_url,
    or_,
    select,
    table,
)

from bot.domain.work import WorkStatus
from bot.workflows.databases import APPLICATION, POSTGRES_NOW, SCHEMA, SQLITE_NOW, VERSION
from bot.workflows.views import STATUSES

LOOKED_AT = 10.0
"""Seconds after its end in which work is not deleted. Whoever waits for it looks from time to time,
and would wait for ever: what is not there is taken by DBOS for what is not there yet."""

_UNFINISHED = (*STATUSES[WorkStatus.WAITING], *STATUSES[WorkStatus.RUNNING])
_TEXTS = (
    "workflow_uuid",
    "status",
    "queue_name",
    "queue_partition_key",
    "executor_id",
    "owner_xid",
    "application_version",
    "application_name",
    "parent_workflow_id",
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


def is_unfinished(work: FromClause) -> ColumnElement[bool]:
    return work.c.status.in_(_UNFINISHED)


def is_waited_for(work: TableClause, dialect: str, looked_at: float) -> ColumnElement[bool]:
    """Whether somebody may not know yet that it ended: it did less than `looked_at` seconds ago, or
    the work that handed it in goes on."""
    now = literal_column(SQLITE_NOW if dialect == "sqlite" else POSTGRES_NOW, BigInteger)
    by = work.alias()
    goes_on = exists().where(by.c.workflow_uuid == work.c.parent_workflow_id, is_unfinished(by))
    # By the clock of the database, which notes the end as well.
    return or_(work.c.updated_at > now - looked_at * 1000, goes_on)


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
    return (
        select(work.c.application_version, func.count())
        .where(is_ours(work), is_unfinished(work))
        .where(work.c.application_version != VERSION)
        .group_by(work.c.application_version)
        .order_by(work.c.application_version)
    )
