"""Failures that another channel was to hear of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("alert_failures") as batch:
        batch.add_column(sa.Column("diverted", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("alert_failures") as batch:
        batch.drop_column("diverted")
