"""Alerts: one for each cause and channel, what failed in them, and what ran well since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_INDEXED = {
    "alerts": (("channel", "incident", "state"), ("channel", "opens_at"), ("channel", "list_key"),
               ("changed_at",)),
    "alert_failures": (("cluster", "dag_id", "is_answered"),
                       ("channel", "cluster", "dag_id", "task_id"),
                       ("alert_id",), ("created_at",)),
    "alert_subjects": (("due_at",),),
    "dag_successes": (("at",),),
}  # fmt: skip


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, _TIME, nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def upgrade() -> None:
    _create_alerts()
    _create_failures()
    op.create_table(
        "alert_subjects",
        *(_text(name) for name in ("channel", "cluster", "dag_id", "task_id", "alert_id")),
        _flag("is_looking"),
        _time("due_at"),
        sa.PrimaryKeyConstraint(
            "channel", "cluster", "dag_id", "task_id", name="pk_alert_subjects"
        ),
    )
    op.create_table(
        "dag_successes",
        *(_text(name) for name in ("cluster", "dag_id", "run_id")),
        _time("at"),
        _time("run_after", nullable=True),
        sa.PrimaryKeyConstraint("cluster", "dag_id", "run_id", "at", name="pk_dag_successes"),
    )
    for table, indexes in _INDEXED.items():
        for columns in indexes:
            op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
    with op.batch_alter_table("failure_batches") as batch:
        batch.drop_column("diagnosed")
        batch.drop_column("listed")


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        _text("id"),
        _text("open_key", nullable=True),
        *(_text(name) for name in ("channel", "incident", "title", "turn_id", "state")),
        *(_time(name) for name in ("first_at", "last_at", "opens_at")),
        _time("recovered_at", nullable=True),
        _number("relapses"),
        _number("version"),
        _text("thread"),
        _text("list_key"),
        _flag("is_counting"),
        _time("changed_at"),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint("open_key", name="uq_alerts_open_key"),
    )


def _create_failures() -> None:
    op.create_table(
        "alert_failures",
        *(_text(name) for name in ("key", "channel", "alert_id")),
        *(_text(name) for name in ("cluster", "dag_id", "run_id", "task_id")),
        _number("map_index"),
        _number("try_number"),
        _time("at"),
        _time("run_after", nullable=True),
        _flag("is_answered"),
        _time("created_at"),
        sa.PrimaryKeyConstraint("key", "channel", name="pk_alert_failures"),
    )


def downgrade() -> None:
    with op.batch_alter_table("failure_batches") as batch:
        batch.add_column(sa.Column("diagnosed", sa.Text(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("listed", sa.Integer(), nullable=False, server_default="0"))
    for table in _INDEXED:
        op.drop_table(table)
