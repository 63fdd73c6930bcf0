"""The table of what people set for themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class PreferenceRow(Base):
    """One person's. `patterns` are Dag ids with `*` for anything, one a line."""

    __tablename__ = "preferences"

    workspace: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    patterns: Mapped[str]
    keeps_conversations: Mapped[bool]
    changed_at: Mapped[datetime]
