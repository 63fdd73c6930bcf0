"""The tables of what people did with messages: edited, deleted, told the bot to keep out.

They hold no words. Times are Slack's own: of two marks the one with the later ts counts, and all
ts have ten digits before the point, so that their order as text is their order in time.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.adapters.sql.tables import Base


class MessageMarkRow(Base):
    """`edited_ts` is the newest wording, "" as first said; `edits` counts them."""

    __tablename__ = "message_marks"

    workspace: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    ts: Mapped[str] = mapped_column(primary_key=True)
    edited_ts: Mapped[str]
    edits: Mapped[int]
    is_deleted: Mapped[bool]
    marked_at: Mapped[datetime] = mapped_column(index=True)


class ThreadMarkRow(Base):
    """The bot keeps out where `kept_out_ts` is later than `called_ts`; "" where neither was."""

    __tablename__ = "thread_marks"

    workspace: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    thread: Mapped[str] = mapped_column(primary_key=True)
    kept_out_ts: Mapped[str]
    called_ts: Mapped[str]


class ChannelMarkRow(Base):
    """What was said there up to `left_ts` is gone: the channel was deleted, or the bot left it."""

    __tablename__ = "channel_marks"

    workspace: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    left_ts: Mapped[str]
