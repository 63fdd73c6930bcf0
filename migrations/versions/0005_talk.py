"""What people do with messages and threads: edit, delete, solve, keep the bot out, take back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OUTCOME = ("outcome", "outcome_by", "outcome_ts")


def upgrade() -> None:
    _create_marks()
    with op.batch_alter_table("conversations") as batch:
        for name in _OUTCOME:
            batch.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("ratings") as batch:
        batch.add_column(sa.Column("source", sa.Text(), nullable=False, server_default="button"))
        batch.add_column(sa.Column("is_on", sa.Boolean(), nullable=False, server_default=sa.true()))
    _key_ratings_by("turn_id", "user_id", "source")
    op.create_index("ix_turns_channel_reply_ts", "turns", ["channel", "reply_ts"])
    op.create_index("ix_posts_channel_ts", "posts", ["channel", "ts"])


def downgrade() -> None:
    op.drop_index("ix_posts_channel_ts", "posts")
    op.drop_index("ix_turns_channel_reply_ts", "turns")
    _keep_one_rating()
    _key_ratings_by("turn_id", "user_id")
    with op.batch_alter_table("ratings") as batch:
        batch.drop_column("is_on")
        batch.drop_column("source")
    with op.batch_alter_table("conversations") as batch:
        for name in reversed(_OUTCOME):
            batch.drop_column(name)
    for table in ("channel_marks", "thread_marks", "message_marks"):
        op.drop_table(table)


def _create_marks() -> None:
    op.create_table(
        "message_marks",
        *_texts("workspace", "channel", "ts", "edited_ts"),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "channel", "ts", name="pk_message_marks"),
    )
    op.create_index("ix_message_marks_marked_at", "message_marks", ["marked_at"])
    op.create_table(
        "thread_marks",
        *_texts("workspace", "channel", "thread", "kept_out_ts", "called_ts"),
        sa.PrimaryKeyConstraint("workspace", "channel", "thread", name="pk_thread_marks"),
    )
    op.create_table(
        "channel_marks",
        *_texts("workspace", "channel", "left_ts"),
        sa.PrimaryKeyConstraint("workspace", "channel", name="pk_channel_marks"),
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _key_ratings_by(*columns: str) -> None:
    with op.batch_alter_table("ratings") as batch:
        batch.drop_constraint("pk_ratings", type_="primary")
        batch.create_primary_key("pk_ratings", list(columns))


def _keep_one_rating() -> None:
    """The newest of each person that counts, as there was before."""
    op.execute("DELETE FROM ratings WHERE NOT is_on")
    op.execute(
        "DELETE FROM ratings WHERE EXISTS (SELECT 1 FROM ratings AS newer"
        " WHERE newer.turn_id = ratings.turn_id AND newer.user_id = ratings.user_id"
        " AND (newer.at > ratings.at OR (newer.at = ratings.at AND newer.source > ratings.source)))"
    )
