"""Tables of the console: what turns are found by, who is signed in, and what is good once.

What is found by words is indexed by the database: by `turn_words` (FTS5) in a SQLite file, by
`ix_turn_index_words` (GIN over the words as lexemes) in a PostgreSQL. A migration makes these.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base

WORDS_INDEX = "ix_turn_index_words"
WORDS_TABLE = "turn_words"


class TurnIndexRow(Base):
    """One turn as lists find it; it goes with its turn.

    `place` is cluster and Dag as `places` writes them, "" where the turn is about no Dag. `words`
    are the different words of the turn, in lower case with blanks in between. `is_plain`: nothing
    in its reply names any Dag but that one.
    """

    __tablename__ = "turn_index"
    __table_args__ = (
        Index(None, "conversation_id"),
        Index(None, "place", "conversation_id"),
        Index(None, "kind", "conversation_id"),
        Index(None, "cause", "conversation_id"),
        Index(None, "cluster", "conversation_id"),
        Index(None, "dag_id", "conversation_id"),
        Index(None, "asked_at"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), unique=True)
    conversation_id: Mapped[int]
    workspace: Mapped[str]
    user_id: Mapped[str]
    asked_at: Mapped[datetime]
    seconds: Mapped[float]
    kind: Mapped[str]
    cause: Mapped[str]
    cluster: Mapped[str]
    dag_id: Mapped[str]
    place: Mapped[str]
    title: Mapped[str]  # of the verdict
    asked: Mapped[str]  # the beginning of the question
    is_direct: Mapped[bool]
    is_plain: Mapped[bool]
    words: Mapped[str]


class ConsoleSessionRow(Base):
    """Somebody who is signed in. `key` is the SHA-256 of what their browser holds."""

    __tablename__ = "console_sessions"

    key: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(index=True)
    workspace: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]  # of whoever came by a local token; "" where the settings tell
    csrf: Mapped[str]
    began_at: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)


class ConsoleGrantRow(Base):
    """Something that is good once and for minutes: a local token, or a sign-in under way. `key` is
    the SHA-256 of its secret, `body` JSON."""

    __tablename__ = "console_grants"

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    body: Mapped[str]
    until: Mapped[datetime] = mapped_column(index=True)
