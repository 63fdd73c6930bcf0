"""The table of models that were trained with exported datasets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class TrainingRow(Base):
    """One training; `body` is JSON, see `codec`."""

    __tablename__ = "trainings"

    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(index=True)
    started_by: Mapped[str]
    body: Mapped[str]
    format: Mapped[int]
