"""What turns are found by in the console, its sessions and what is good once."""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_AT_A_TIME = 500
_WORD = re.compile(r"[^\W_]+")
_PLAIN = {"diagnosis", "status_report", "log_report", "how_to", "help", "unsupported", "apology"}
_ABOUT = {"diagnosis", "status_report", "log_report"}

_COLUMNS = (
    *("turn_id", "conversation_id", "workspace", "user_id", "asked_at", "seconds"),
    *("kind", "cause", "cluster", "dag_id", "place", "title", "asked"),
    *("is_direct", "is_plain", "words"),
)

_TURNS = sa.text(
    "SELECT t.id, t.conversation_id, t.workspace, t.channel, t.user_id, t.asked_at, t.seconds,"
    " t.question, t.reply_kind, t.reply, v.kind, v.cause"
    " FROM turns t LEFT JOIN verdicts v ON v.turn_id = t.id"
    " WHERE t.id > :after ORDER BY t.id LIMIT :most"
)

_SQLITE = (
    "CREATE VIRTUAL TABLE turn_words USING fts5(words, content='turn_index',"
    " content_rowid='number', detail='none')",
    "CREATE TRIGGER turn_index_added AFTER INSERT ON turn_index BEGIN"
    " INSERT INTO turn_words(rowid, words) VALUES (new.number, new.words); END",
    "CREATE TRIGGER turn_index_gone AFTER DELETE ON turn_index BEGIN"
    " INSERT INTO turn_words(turn_words, rowid, words)"
    " VALUES ('delete', old.number, old.words); END",
)
# The words are lexemes as they are: no parser, whose rules go by the database's locale.
_POSTGRES = (
    "CREATE INDEX ix_turn_index_words ON turn_index"
    " USING gin (array_to_tsvector(string_to_array(words, ' ')))",
)


def upgrade() -> None:
    _make_index()
    _make_doors()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if is_sqlite else _POSTGRES:
        op.execute(statement)
    _take_in()


def downgrade() -> None:
    op.drop_table("console_grants")
    op.drop_table("console_sessions")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER turn_index_gone")
        op.execute("DROP TRIGGER turn_index_added")
        op.execute("DROP TABLE turn_words")
    op.drop_table("turn_index")


def _make_index() -> None:
    texts = ("workspace", "user_id", "kind", "cause", "cluster", "dag_id", "place", "title")
    op.create_table(
        "turn_index",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("turn_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*texts, "asked", "words")),
        sa.Column("is_direct", sa.Boolean(), nullable=False),
        sa.Column("is_plain", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_turn_index"),
        sa.UniqueConstraint("turn_id", name="uq_turn_index_turn_id"),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name="fk_turn_index_turn_id_turns", ondelete="CASCADE"
        ),
    )
    for name in ("conversation_id", "asked_at"):
        op.create_index(f"ix_turn_index_{name}", "turn_index", [name])
    for name in ("place", "kind", "cause", "cluster", "dag_id"):
        columns = [name, "conversation_id"]
        op.create_index(f"ix_turn_index_{name}_conversation_id", "turn_index", columns)


def _make_doors() -> None:
    session = ("user_id", "workspace", "name", "role", "csrf")
    op.create_table(
        "console_sessions",
        sa.Column("key", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in session),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_console_sessions"),
    )
    op.create_index("ix_console_sessions_user_id", "console_sessions", ["user_id"])
    op.create_index("ix_console_sessions_until", "console_sessions", ["until"])
    op.create_table(
        "console_grants",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_console_grants"),
    )
    op.create_index("ix_console_grants_until", "console_grants", ["until"])


def _take_in() -> None:
    """The turns that are there already, some at a time."""
    connection, after = op.get_bind(), ""
    names = ", ".join(_COLUMNS)
    values = ", ".join(f":{name}" for name in _COLUMNS)
    insert = sa.text(f"INSERT INTO turn_index ({names}) VALUES ({values})")  # noqa: S608
    while True:
        rows = connection.execute(_TURNS, {"after": after, "most": _AT_A_TIME}).all()
        if not rows:
            return
        connection.execute(insert, [_indexed(row) for row in rows])
        after = rows[-1].id


def _indexed(row: Any) -> dict[str, Any]:
    asked, reply = json.loads(row.question), json.loads(row.reply)
    target = reply.get("target") or {} if row.reply_kind in _ABOUT else {}
    cluster, dag_id = target.get("cluster") or "", target.get("dag_id") or ""
    is_direct = bool(asked.get("is_direct") or asked.get("is_private"))
    return {
        "turn_id": row.id,
        "conversation_id": row.conversation_id,
        "workspace": row.workspace,
        "user_id": row.user_id,
        "asked_at": row.asked_at,
        "seconds": row.seconds,
        "kind": row.kind or "",
        "cause": row.cause or "",
        "cluster": cluster,
        "dag_id": dag_id,
        "place": f"{dag_id} {cluster}" if dag_id else "",
        "title": (reply.get("verdict") or {}).get("title") or "",
        "asked": (asked.get("text") or "")[:300],
        "is_direct": is_direct or row.channel.startswith("D"),
        "is_plain": row.reply_kind in _PLAIN,
        "words": _words(asked, reply, target),
    }


def _words(asked: dict[str, Any], reply: dict[str, Any], target: dict[str, Any]) -> str:
    verdict = reply.get("verdict") or {}
    texts = [
        asked.get("text"),
        *(target.get(name) for name in ("cluster", "dag_id", "task_id", "run_id")),
        reply.get("reference"),
        *(verdict.get(name) for name in ("title", "cause", "why")),
        reply.get("what_happened"),
        *(quote.get("text") for quote in verdict.get("quotes") or ()),
    ]
    found: dict[str, None] = {}
    for match in _WORD.finditer("\n".join(text for text in texts if text)):
        found.setdefault(match.group().casefold()[:64])
        if len(found) >= 600:
            break
    return " ".join(found)
