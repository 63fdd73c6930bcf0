"""Conversations with their turns, and evidence, verdict and ratings of each turn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = ("conversations", "turns", "evidence", "verdicts", "ratings")


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        *_provenance(),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.UniqueConstraint(
            "workspace", "channel", "thread", name="uq_conversations_workspace_channel_thread"
        ),
    )
    _create_turns()
    _create_evidence()
    _create_verdicts()
    _create_ratings()
    for table in _TABLES:
        op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("reply_kind", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("reply_ts", sa.Text(), nullable=True),
        *_provenance(),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_turns_conversation_id_conversations",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_turns_conversation_id_asked_at", "turns", ["conversation_id", "asked_at"])
    for column in ("question_id", "user_id", "answered_at"):
        op.create_index(f"ix_turns_{column}", "turns", [column])


def _create_evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *_provenance(),
        sa.PrimaryKeyConstraint("turn_id", name="pk_evidence"),
        _of_turn("evidence"),
    )


def _create_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("error_class", sa.Text(), nullable=False),
        sa.Column("retry", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("map_index", sa.Integer(), nullable=True),
        sa.Column("try_number", sa.Integer(), nullable=True),
        *_provenance(),
        sa.PrimaryKeyConstraint("turn_id", name="pk_verdicts"),
        _of_turn("verdicts"),
    )
    op.create_index("ix_verdicts_cause_created_at", "verdicts", ["cause", "created_at"])
    op.create_index(
        "ix_verdicts_cluster_dag_id_created_at", "verdicts", ["cluster", "dag_id", "created_at"]
    )


def _create_ratings() -> None:
    op.create_table(
        "ratings",
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("score", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_provenance(),
        sa.PrimaryKeyConstraint("turn_id", "user_id", name="pk_ratings"),
        _of_turn("ratings"),
    )


def _provenance() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("author_team", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
    )


def _of_turn(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["turn_id"], ["turns.id"], name=f"fk_{table}_turn_id_turns", ondelete="CASCADE"
    )
