"""The tables of who asked for what takes a right, and of how the bot behaves in each channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class AuditRow(Base):
    """One request that was denied, or that takes a right. Rows are never changed."""

    __tablename__ = "audit"
    __table_args__ = (
        UniqueConstraint("key"),
        Index(None, "user_id", "at"),
        Index(None, "cluster", "dag_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[str]
    workspace: Mapped[str]
    channel: Mapped[str]
    action: Mapped[str]
    outcome: Mapped[str]
    cluster: Mapped[str | None]
    dag_id: Mapped[str | None]
    run_id: Mapped[str | None]
    task_id: Mapped[str | None]
    map_index: Mapped[int | None]
    try_number: Mapped[int | None]
    rule: Mapped[str]
    reason: Mapped[str]
    reference: Mapped[str] = mapped_column(index=True)
    detail: Mapped[str]


class ChannelPolicyRow(Base):
    """How the bot behaves in one channel; `version` counts the changes."""

    __tablename__ = "channel_policies"

    workspace: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    body: Mapped[str]  # JSON, see `codec`
    format: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
