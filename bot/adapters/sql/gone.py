"""Whether what somebody asked was deleted since: then nothing of it is kept any more."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.talk_tables import ChannelMarkRow, MessageMarkRow
from bot.domain.questions import Question
from bot.services.talk import subject_of


async def is_gone(connection: AsyncConnection, question: Question) -> bool:
    """Whoever keeps something of it afterwards is `alone_in_channel` from before this look on."""
    subject, thread = subject_of(question), question.thread
    deleted = select(MessageMarkRow.ts).where(
        MessageMarkRow.workspace == thread.workspace,
        MessageMarkRow.channel == thread.channel,
        MessageMarkRow.ts.in_([subject.ts, thread.thread]),
        MessageMarkRow.is_deleted,
    )
    left = select(ChannelMarkRow.left_ts).where(
        ChannelMarkRow.workspace == thread.workspace,
        ChannelMarkRow.channel == thread.channel,
        ChannelMarkRow.left_ts >= subject.ts,
    )
    return (await connection.execute(deleted.union_all(left).limit(1))).first() is not None


async def alone_in_channel(connection: AsyncConnection, channel: str) -> None:
    """Until this transaction ends. Else one that looked before a deletion could keep what it has
    after that. To a SQLite file one transaction writes at a time anyway."""
    if connection.dialect.name == "postgresql":
        name = f"airflow-bot talk {channel}"
        await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
