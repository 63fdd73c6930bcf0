"""The tables of failures that humans resolved, of how these cases fared, and of what waits for a
person's decision.

A case holds machine text and the words of whoever resolved it. It goes with any of its sources.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base

_CASE, _TURN = "resolved_cases.id", "turns.id"


class ResolvedCaseRow(Base):
    """`tags` are one a line. `changed_at` is when its state last changed."""

    __tablename__ = "resolved_cases"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "state", "created_at", "id"),
        Index(None, "fingerprint", "state"),
        Index(None, "cause", "state"),
        Index(None, "escalation_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    workspace: Mapped[str]
    problem: Mapped[str]
    fingerprint: Mapped[str]
    kind: Mapped[str]
    cause: Mapped[str]
    fix: Mapped[str]
    cluster: Mapped[str]
    confirmed_by: Mapped[str]
    confirmed_at: Mapped[datetime]
    dag_id: Mapped[str]
    task_id: Mapped[str]
    operator: Mapped[str]
    exception: Mapped[str]
    tags: Mapped[str]
    airflow_version: Mapped[str]
    approved_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    permalink: Mapped[str]
    turn_id: Mapped[str]
    escalation_id: Mapped[str]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    note: Mapped[str]
    runbook: Mapped[str]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class CaseSourceRow(Base):
    """A message or a person that a case rests on; empty texts for what was said in a form."""

    __tablename__ = "case_sources"
    __table_args__ = (
        Index(None, "workspace", "channel", "ts"),
        Index(None, "workspace", "user_id"),
    )

    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE, ondelete="CASCADE"), primary_key=True)
    workspace: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    ts: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)


class CaseEventRow(Base):
    """A case in the answer of a turn: `kind` is "served", or what whoever asked says came of it."""

    __tablename__ = "case_events"
    __table_args__ = (
        Index(None, "case_id", "at"),
        Index(None, "turn_id"),
        Index(None, "workspace", "user_id"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE, ondelete="CASCADE"))
    kind: Mapped[str]
    turn_id: Mapped[str]
    workspace: Mapped[str]
    user_id: Mapped[str]
    at: Mapped[datetime]


class ReviewItemRow(Base):
    """`case_id` and `turn_id` say whose end is the item's, too; NULL where its subject is none."""

    __tablename__ = "review_items"
    __table_args__ = (
        Index(None, "state", "opened_at", "id"),
        Index(None, "kind", "subject"),
        Index(None, "case_id"),
        Index(None, "turn_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    title: Mapped[str]
    workspace: Mapped[str]
    opened_at: Mapped[datetime]
    state: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    note: Mapped[str]
    label: Mapped[str]
    case_id: Mapped[str | None] = mapped_column(ForeignKey(_CASE, ondelete="CASCADE"))
    turn_id: Mapped[str | None] = mapped_column(ForeignKey(_TURN, ondelete="CASCADE"))
