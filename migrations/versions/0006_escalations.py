"""Escalations: each one, what was done, who is told, what it reaches, and what was true."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INDEXED = {
    "escalations": (
        ("state", "opened_at"),
        ("card_channel", "card_ts"),
        ("opened_at",),
        ("changed_at",),
    ),
    "escalation_parties": (("workspace", "channel", "thread"),),
    "incident_occurrences": (("incident", "at"), ("at",)),
}


def upgrade() -> None:
    op.create_table(
        "escalations",
        _text("id"),
        sa.Column("open_key", sa.Text(), nullable=True),
        _text("key"),
        _text("state"),
        _text("body"),
        _number("format"),
        _time("opened_at"),
        _time("joined_at"),
        _time("changed_at"),
        sa.Column("is_counting", sa.Boolean(), nullable=False),
        sa.Column("card_channel", sa.Text(), nullable=True),
        sa.Column("card_ts", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_escalations"),
        sa.UniqueConstraint("open_key", name="uq_escalations_open_key"),
    )
    _of_escalation(
        "escalation_deeds",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _text("key"),
        _text("body"),
        _number("format"),
        sa.PrimaryKeyConstraint("escalation_id", "number", name="pk_escalation_deeds"),
        sa.UniqueConstraint("key", name="uq_escalation_deeds_key"),
    )
    _of_escalation(
        "escalation_parties",
        *map(_text, ("workspace", "channel", "thread", "user_id", "message", "turn_id")),
        _number("number"),
        sa.PrimaryKeyConstraint(
            "escalation_id", "workspace", "channel", "thread", name="pk_escalation_parties"
        ),
    )
    _of_escalation(
        "escalation_reach",
        _text("kind"),
        _text("name"),
        sa.PrimaryKeyConstraint("escalation_id", "kind", "name", name="pk_escalation_reach"),
    )
    _of_escalation(
        "escalation_truths",
        _text("user_id"),
        _time("at"),
        *map(_text, ("was_wrong", "fixed_by", "bot", "cause")),
        sa.PrimaryKeyConstraint("escalation_id", name="pk_escalation_truths"),
    )
    op.create_table(
        "incident_occurrences",
        *map(_text, ("incident", "key")),
        _time("at"),
        *map(_text, ("dag", "task", "host")),
        sa.PrimaryKeyConstraint("incident", "key", name="pk_incident_occurrences"),
    )
    for table, indexes in _INDEXED.items():
        for columns in indexes:
            op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def downgrade() -> None:
    op.drop_table("incident_occurrences")
    for table in ("truths", "reach", "parties", "deeds"):
        op.drop_table(f"escalation_{table}")
    op.drop_table("escalations")


def _of_escalation(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        _text("escalation_id"),
        *columns,
        sa.ForeignKeyConstraint(
            ["escalation_id"],
            ["escalations.id"],
            name=f"fk_{table}_escalation_id_escalations",
            ondelete="CASCADE",
        ),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _time(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
