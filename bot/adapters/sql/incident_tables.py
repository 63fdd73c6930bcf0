"""The table of failures by incident, as somebody looked into them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class IncidentFailureRow(Base):
    """One task instance, with what was found of its failure last. Empty texts and -1 where nobody
    knows its run, its task or its map index."""

    __tablename__ = "incident_failures"
    __table_args__ = (Index(None, "incident", "at"),)

    cluster: Mapped[str] = mapped_column(primary_key=True)
    dag_id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(primary_key=True)
    map_index: Mapped[int] = mapped_column(primary_key=True)
    incident: Mapped[str]
    title: Mapped[str]
    kind: Mapped[str]
    turn_id: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
