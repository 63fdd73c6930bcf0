"""Who asked for what takes a right, and how the bot behaves in each channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TEXT = ("user_id", "workspace", "channel", "action", "outcome")
_TARGET = ("cluster", "dag_id", "run_id", "task_id")
_INDEXES: dict[str, tuple[str, ...]] = {
    "ix_audit_at": ("at",),
    "ix_audit_reference": ("reference",),
    "ix_audit_user_id_at": ("user_id", "at"),
    "ix_audit_cluster_dag_id_at": ("cluster", "dag_id", "at"),
}


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXT),
        *(sa.Column(name, sa.Text(), nullable=True) for name in _TARGET),
        sa.Column("map_index", sa.Integer(), nullable=True),
        sa.Column("try_number", sa.Integer(), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("rule", "reason", "reference", "detail")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.UniqueConstraint("key", name="uq_audit_key"),
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "audit", list(columns))
    op.create_table(
        "channel_policies",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "channel", name="pk_channel_policies"),
    )


def downgrade() -> None:
    op.drop_table("channel_policies")
    for name in _INDEXES:
        op.drop_index(name, "audit")
    op.drop_table("audit")
