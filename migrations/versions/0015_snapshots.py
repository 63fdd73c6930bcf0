"""Snapshots of datasets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("consents", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
    )
    op.create_index("ix_snapshots_created_at", "snapshots", ["created_at"])
    op.create_table(
        "snapshot_rows",
        sa.Column("snapshot_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["snapshots.id"],
            name="fk_snapshot_rows_snapshot_id_snapshots",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name="fk_snapshot_rows_turn_id_turns", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "number", name="pk_snapshot_rows"),
    )
    op.create_index("ix_snapshot_rows_turn_id", "snapshot_rows", ["turn_id"])


def downgrade() -> None:
    op.drop_table("snapshot_rows")
    op.drop_table("snapshots")
