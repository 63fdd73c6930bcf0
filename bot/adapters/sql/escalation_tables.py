"""The tables of escalations: what was done, who is told, what they reach, what was true."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base

_OF = "escalations.id"


class EscalationRow(Base):
    """`open_key` is the incident's key while calls join, NULL after that: it is there once at most.
    `is_counting`: that more have joined is going to be shown."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index(None, "state", "opened_at"),
        Index(None, "card_channel", "card_ts"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    open_key: Mapped[str | None] = mapped_column(unique=True)
    key: Mapped[str]
    state: Mapped[str]
    body: Mapped[str]  # JSON, see `codec`
    format: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(index=True)
    joined_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    is_counting: Mapped[bool]
    card_channel: Mapped[str | None]
    card_ts: Mapped[str | None]


class EscalationDeedRow(Base):
    """One deed, kept for good: rows are only added. `key` is the same however often it is tried."""

    __tablename__ = "escalation_deeds"

    escalation_id: Mapped[str] = mapped_column(
        ForeignKey(_OF, ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(unique=True)
    body: Mapped[str]  # JSON, see `codec`
    format: Mapped[int]


class EscalationPartyRow(Base):
    """A thread whose people are told."""

    __tablename__ = "escalation_parties"
    __table_args__ = (Index(None, "workspace", "channel", "thread"),)

    escalation_id: Mapped[str] = mapped_column(
        ForeignKey(_OF, ondelete="CASCADE"), primary_key=True
    )
    workspace: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    thread: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    message: Mapped[str]
    turn_id: Mapped[str]
    number: Mapped[int]  # of the deed by which they joined


class EscalationReachRow(Base):
    """One thing that an incident reaches."""

    __tablename__ = "escalation_reach"

    escalation_id: Mapped[str] = mapped_column(
        ForeignKey(_OF, ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)


class TruthRow(Base):
    """What a human found out about a case."""

    __tablename__ = "escalation_truths"

    escalation_id: Mapped[str] = mapped_column(
        ForeignKey(_OF, ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str]
    at: Mapped[datetime]
    was_wrong: Mapped[str]
    fixed_by: Mapped[str]
    bot: Mapped[str]
    cause: Mapped[str]


class OccurrenceRow(Base):
    """One failure of an incident, counted against the threshold of its runbook."""

    __tablename__ = "incident_occurrences"
    __table_args__ = (Index(None, "incident", "at"),)

    incident: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    dag: Mapped[str]
    task: Mapped[str]
    host: Mapped[str]
