"""The tables of alerts: one for each cause and channel, what failed in them, what ran since."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class AlertRow(Base):
    """`open_key` names channel and incident while other Dags join, NULL after that: it is there
    once at most. `list_key` is shared by those that are named in one list. `is_counting`: that more
    have joined is going to be shown."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(None, "channel", "incident", "state"),
        Index(None, "channel", "opens_at"),
        Index(None, "channel", "list_key"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    open_key: Mapped[str | None] = mapped_column(unique=True)
    channel: Mapped[str]
    incident: Mapped[str]
    title: Mapped[str]
    turn_id: Mapped[str]
    state: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    opens_at: Mapped[datetime]
    recovered_at: Mapped[datetime | None]
    relapses: Mapped[int]
    version: Mapped[int]
    thread: Mapped[str]
    list_key: Mapped[str]
    is_counting: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(index=True)


class AlertFailureRow(Base):
    """One failure in one channel; `alert_id` is empty until it was looked into. Empty texts and -1
    where a report names no task, no map index or no try. `is_answered`: it ran well since.
    `diverted` names the channel that was to hear of it, and why it does not; empty as a rule."""

    __tablename__ = "alert_failures"
    __table_args__ = (
        Index(None, "cluster", "dag_id", "is_answered"),
        Index(None, "channel", "cluster", "dag_id", "task_id"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    alert_id: Mapped[str] = mapped_column(index=True)
    cluster: Mapped[str]
    dag_id: Mapped[str]
    run_id: Mapped[str]
    task_id: Mapped[str]
    map_index: Mapped[int]
    try_number: Mapped[int]
    at: Mapped[datetime]
    run_after: Mapped[datetime | None]
    is_answered: Mapped[bool]
    diverted: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(index=True)


class AlertSubjectRow(Base):
    """What a look is for: a Dag's task in one channel. `alert_id` is what the last look came to,
    `is_looking` that one is due or under way."""

    __tablename__ = "alert_subjects"

    channel: Mapped[str] = mapped_column(primary_key=True)
    cluster: Mapped[str] = mapped_column(primary_key=True)
    dag_id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(primary_key=True)
    alert_id: Mapped[str]
    is_looking: Mapped[bool]
    due_at: Mapped[datetime] = mapped_column(index=True)


class DagSuccessRow(Base):
    """A run that ended well, as long as none is known that outdoes it."""

    __tablename__ = "dag_successes"

    cluster: Mapped[str] = mapped_column(primary_key=True)
    dag_id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    run_after: Mapped[datetime | None]
