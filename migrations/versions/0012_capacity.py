"""How much room the clusters have, how it goes on, and what was warned of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "capacity_samples",
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gauges", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "at", name="pk_capacity_samples"),
    )
    op.create_index("ix_capacity_samples_at", "capacity_samples", ["at"])
    op.create_table(
        "capacity_outlooks",
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", name="pk_capacity_outlooks"),
    )
    op.create_table(
        "capacity_warnings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_capacity_warnings"),
    )
    op.create_index(
        "ix_capacity_warnings_cluster_is_over", "capacity_warnings", ["cluster", "is_over"]
    )
    op.create_index("ix_capacity_warnings_last_at", "capacity_warnings", ["last_at"])


def downgrade() -> None:
    op.drop_table("capacity_warnings")
    op.drop_table("capacity_outlooks")
    op.drop_table("capacity_samples")
