"""The table of consents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class ConsentRow(Base):
    """One record. It outlives what it covers: it says why earlier exports were right."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(primary_key=True)
    workspace: Mapped[str] = mapped_column(index=True)
    basis: Mapped[str]
    slack_permission: Mapped[str]
    organisation_permission: Mapped[str]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
    until: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str]
    note: Mapped[str]
