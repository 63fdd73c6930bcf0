"""The tables of runbook drafts, and of what they rest on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class RunbookDraftRow(Base):
    """One draft; `text` is empty where what it rested on was deleted after the decision. `faults`
    is a JSON list."""

    __tablename__ = "runbook_drafts"
    __table_args__ = (Index(None, "state", "made_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(unique=True)
    origin: Mapped[str]
    state: Mapped[str]
    title: Mapped[str]
    file: Mapped[str]
    text: Mapped[str]
    count: Mapped[int]
    made_at: Mapped[datetime]
    faults: Mapped[str]
    version: Mapped[int]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    note: Mapped[str]


class RunbookDraftSourceRow(Base):
    """A turn or a person that a draft rests on; empty texts where there is none."""

    __tablename__ = "runbook_draft_sources"
    __table_args__ = (Index(None, "workspace", "user_id"),)

    draft_id: Mapped[str] = mapped_column(
        ForeignKey("runbook_drafts.id", ondelete="CASCADE"), primary_key=True
    )
    workspace: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    turn_id: Mapped[str] = mapped_column(primary_key=True)
