"""The tables: conversations, their turns, what each turn rested on, what people thought of it,
what was taken on, and what was posted.

Every row about what people wrote says where it came from and when it ends, so that consent and
deletion can be carried out row by row.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.adapters.sql.columns import CleanText, UtcDateTime


class Base(DeclarativeBase):
    # Constraints have names of their own, so that a later migration can alter them anywhere.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {str: CleanText(), datetime: UtcDateTime()}


class Provenance:
    """Where a row came from. `expires_at` is when it has to go; NULL where nothing says so."""

    origin: Mapped[str]
    workspace: Mapped[str]
    channel: Mapped[str]
    author_team: Mapped[str]  # Slack's team of whoever wrote it; "" where not known
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)


class ConversationRow(Provenance, Base):
    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("workspace", "channel", "thread"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    thread: Mapped[str]
    # How it stands by word of `outcome_by`, said at `outcome_ts`; "" where nobody said anything.
    outcome: Mapped[str] = mapped_column(server_default="")
    outcome_by: Mapped[str] = mapped_column(server_default="")
    outcome_ts: Mapped[str] = mapped_column(server_default="")


class TurnRow(Provenance, Base):
    __tablename__ = "turns"
    __table_args__ = (
        Index(None, "conversation_id", "asked_at"),
        Index(None, "channel", "reply_ts"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    question_id: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[str] = mapped_column(index=True)
    intent: Mapped[str]
    question: Mapped[str]  # JSON, see `codec`
    reply_kind: Mapped[str]
    reply: Mapped[str]  # JSON, see `codec`
    format: Mapped[int]  # of both JSON columns
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime] = mapped_column(index=True)
    seconds: Mapped[float]
    reply_ts: Mapped[str | None]


class EvidenceRow(Provenance, Base):
    """The evidence of a turn as compressed JSON; `digest` is the SHA-256 of the JSON."""

    __tablename__ = "evidence"

    turn_id: Mapped[str] = mapped_column(
        ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str]
    format: Mapped[int]
    size: Mapped[int]  # bytes of the JSON
    body: Mapped[bytes] = mapped_column(LargeBinary)


class VerdictRow(Provenance, Base):
    """The verdict of a turn, laid out for questions across turns; the whole is in the reply."""

    __tablename__ = "verdicts"
    __table_args__ = (
        Index(None, "cluster", "dag_id", "created_at"),
        Index(None, "cause", "created_at"),
    )

    turn_id: Mapped[str] = mapped_column(
        ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str]
    cause: Mapped[str]
    confidence: Mapped[float]
    error_class: Mapped[str]
    retry: Mapped[str]
    owner: Mapped[str]
    cluster: Mapped[str]
    dag_id: Mapped[str | None]
    run_id: Mapped[str | None]
    task_id: Mapped[str | None]
    map_index: Mapped[int | None]
    try_number: Mapped[int | None]


class RatingRow(Provenance, Base):
    """One person's opinion of one turn by one `source`: the button, or a reaction. Of a person's
    the newest that `is_on` counts."""

    __tablename__ = "ratings"

    turn_id: Mapped[str] = mapped_column(
        ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True, server_default="button")
    score: Mapped[str]
    reason: Mapped[str]
    comment: Mapped[str]
    at: Mapped[datetime]
    is_on: Mapped[bool] = mapped_column(server_default=true())


class InboxRow(Provenance, Base):
    """One piece of work that was taken on: how it arrived, not what was said.

    `created_at` is when it arrived. Empty texts where something is not known.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        Index(None, "created_at"),
        Index(
            "ix_inbox_engaging",
            "workspace",
            "channel",
            "thread",
            sqlite_where=text("engages = 1"),
            postgresql_where=text("engages"),
        ),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    thread: Mapped[str]
    user_id: Mapped[str]
    event_id: Mapped[str]
    engages: Mapped[bool]


class PostRow(Base):
    """One message of ours in Slack; `ts` is NULL while its fate is not known.

    Until then `recorded_at` is when the call to Slack ended, NULL where it may go on. `revision`
    counts the contents that it has shown. A change to `late_revision` was given up at `late_at`,
    and may yet be carried out. Empty texts where the thread is not known.
    """

    __tablename__ = "posts"
    __table_args__ = (Index(None, "announced_at"), Index(None, "channel", "ts"))

    key: Mapped[str] = mapped_column(primary_key=True)
    workspace: Mapped[str]
    channel: Mapped[str]
    thread: Mapped[str]
    ts: Mapped[str | None]
    revision: Mapped[int]
    announced_at: Mapped[datetime]
    recorded_at: Mapped[datetime | None]
    late_revision: Mapped[int | None]
    late_at: Mapped[datetime | None]


class FailureBatchRow(Base):
    """Failures that are told of together; open until `closed_at`. `taken_by` is the batch that
    told of it: itself, or an earlier one where this was overdue."""

    __tablename__ = "failure_batches"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    taken_by: Mapped[int | None] = mapped_column(BigInteger, index=True)


class ReportedFailureRow(Base):
    """One failure that Airflow reported; `key` is the same however often it is reported."""

    __tablename__ = "reported_failures"

    key: Mapped[str] = mapped_column(primary_key=True)
    batch: Mapped[int] = mapped_column(BigInteger, index=True)
    run: Mapped[str] = mapped_column(index=True)  # cluster:dag_id:run_id
    of_task: Mapped[bool]  # False: the run was reported as a whole
    body: Mapped[str]  # JSON, see `codec`
    format: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(index=True)


class ModelSpendRow(Base):
    """What the model has cost on one day (UTC), calls under way at their ceiling."""

    __tablename__ = "model_spend"

    day: Mapped[date] = mapped_column(primary_key=True)
    cost: Mapped[float]
