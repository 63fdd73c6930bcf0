"""Drafts of runbooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "runbook_drafts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runbook_drafts"),
        sa.UniqueConstraint("fingerprint", name="uq_runbook_drafts_fingerprint"),
    )
    op.create_index("ix_runbook_drafts_state_made_at", "runbook_drafts", ["state", "made_at"])
    op.create_table(
        "runbook_draft_sources",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["runbook_drafts.id"],
            name="fk_runbook_draft_sources_draft_id_runbook_drafts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "draft_id", "workspace", "user_id", "turn_id", name="pk_runbook_draft_sources"
        ),
    )
    op.create_index(
        "ix_runbook_draft_sources_workspace_user_id",
        "runbook_draft_sources",
        ["workspace", "user_id"],
    )


def downgrade() -> None:
    op.drop_table("runbook_draft_sources")
    op.drop_table("runbook_drafts")
