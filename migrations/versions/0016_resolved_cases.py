"""Failures that humans resolved, and what waits for a person's decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_CASE_TEXTS = (
    "state",
    "workspace",
    "problem",
    "fingerprint",
    "kind",
    "cause",
    "fix",
    "cluster",
    "confirmed_by",
    "dag_id",
    "task_id",
    "operator",
    "exception",
    "tags",
    "airflow_version",
    "approved_by",
    "permalink",
    "turn_id",
    "escalation_id",
    "note",
    "runbook",
)


def upgrade() -> None:
    op.create_table(
        "resolved_cases",
        _text("id"),
        *map(_text, _CASE_TEXTS),
        _time("confirmed_at"),
        _time("approved_at", nullable=True),
        _time("expires_at", nullable=True),
        _time("created_at"),
        _time("changed_at"),
        sa.PrimaryKeyConstraint("id", name="pk_resolved_cases"),
    )
    _index("resolved_cases", "created_at", "id")
    _index("resolved_cases", "state", "created_at", "id")
    _index("resolved_cases", "fingerprint", "state")
    _index("resolved_cases", "cause", "state")
    _index("resolved_cases", "escalation_id")
    _index("resolved_cases", "expires_at")
    _create_sources()
    _create_events()
    _create_reviews()


def _create_sources() -> None:
    names = ("case_id", "workspace", "channel", "ts", "user_id")
    op.create_table(
        "case_sources",
        *map(_text, names),
        _goes_with("case_sources", "case_id", "resolved_cases"),
        sa.PrimaryKeyConstraint(*names, name="pk_case_sources"),
    )
    _index("case_sources", "workspace", "channel", "ts")
    _index("case_sources", "workspace", "user_id")


def _create_events() -> None:
    op.create_table(
        "case_events",
        *map(_text, ("key", "case_id", "kind", "turn_id", "workspace", "user_id")),
        _time("at"),
        _goes_with("case_events", "case_id", "resolved_cases"),
        sa.PrimaryKeyConstraint("key", name="pk_case_events"),
    )
    _index("case_events", "case_id", "at")
    _index("case_events", "turn_id")
    _index("case_events", "workspace", "user_id")


def _create_reviews() -> None:
    texts = ("id", "kind", "subject", "title", "workspace", "state", "decided_by", "note", "label")
    op.create_table(
        "review_items",
        *map(_text, texts),
        _time("opened_at"),
        _time("decided_at", nullable=True),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("turn_id", sa.Text(), nullable=True),
        _goes_with("review_items", "case_id", "resolved_cases"),
        _goes_with("review_items", "turn_id", "turns"),
        sa.PrimaryKeyConstraint("id", name="pk_review_items"),
    )
    _index("review_items", "state", "opened_at", "id")
    _index("review_items", "kind", "subject")
    _index("review_items", "case_id")
    _index("review_items", "turn_id")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _goes_with(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{other}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def downgrade() -> None:
    for table in ("review_items", "case_events", "case_sources", "resolved_cases"):
        op.drop_table(table)
