"""The tables of the clusters' room: what was measured, how it goes on, what was warned of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class CapacitySampleRow(Base):
    """One look at one cluster; `gauges` is a JSON object: used, limit and waiting by gauge."""

    __tablename__ = "capacity_samples"

    cluster: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    gauges: Mapped[str]


class CapacityOutlookRow(Base):
    """The last look at one cluster, with what was foreseen; `body` is JSON, see `codec`."""

    __tablename__ = "capacity_outlooks"

    cluster: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    body: Mapped[str]
    format: Mapped[int]


class CapacityWarningRow(Base):
    """One gauge in trouble, from its first look in trouble on; `body` is JSON, see `codec`."""

    __tablename__ = "capacity_warnings"
    __table_args__ = (Index(None, "cluster", "is_over"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    cluster: Mapped[str]
    is_over: Mapped[bool]
    thread: Mapped[str]
    last_at: Mapped[datetime] = mapped_column(index=True)
    body: Mapped[str]
    format: Mapped[int]
