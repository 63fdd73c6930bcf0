"""Failures by incident."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incident_failures",
        sa.Column("cluster", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("map_index", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "cluster", "dag_id", "run_id", "task_id", "map_index", name="pk_incident_failures"
        ),
    )
    op.create_index("ix_incident_failures_at", "incident_failures", ["at"])
    op.create_index("ix_incident_failures_incident_at", "incident_failures", ["incident", "at"])


def downgrade() -> None:
    op.drop_table("incident_failures")
