"""The tables of snapshots: which turns a dataset was made of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class SnapshotRow(Base):
    """`left_out` and `consents` are JSON, see `snapshots`."""

    __tablename__ = "snapshots"

    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    turns: Mapped[int]
    left_out: Mapped[str]
    consents: Mapped[str]


class SnapshotTurnRow(Base):
    """A turn of a snapshot. It goes with the turn, however that is deleted: then the snapshot has
    fewer of these than it counts, and is void."""

    __tablename__ = "snapshot_rows"

    snapshot_id: Mapped[str] = mapped_column(
        ForeignKey("snapshots.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str]
