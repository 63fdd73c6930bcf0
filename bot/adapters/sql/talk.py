"""The port `TalkRecords` in a database: marks on messages, threads and channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    Delete,
    Row,
    Select,
    and_,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.case_records import judge_conversation
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.erasing import SqlErasing
from bot.adapters.sql.gone import alone_in_channel, is_gone
from bot.adapters.sql.ratings import put_rating
from bot.adapters.sql.rows import Redact
from bot.adapters.sql.statements import delete_before, insert_into, is_thread
from bot.adapters.sql.tables import ConversationRow, InboxRow, PostRow, TurnRow
from bot.adapters.sql.talk_tables import ChannelMarkRow, MessageMarkRow, ThreadMarkRow
from bot.domain.conversations import Outcome, Rating
from bot.domain.questions import Question, ThreadKey
from bot.services.talk import AnswerPlace, Heard, MessageKey, Stands, subject_of

_MESSAGE = ["workspace", "channel", "ts"]


class SqlTalkRecords(SqlErasing):
    """Every method raises `StoreError` where the database refuses."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        redact: Redact = str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(engine)
        self._redact = redact
        self._clock = clock

    async def hear(self, question: Question, wording: str) -> Heard:
        thread, subject = question.thread, subject_of(question)
        with store_errors("Looking at what was asked"):
            async with self._engine.connect() as connection:
                heard = await _heard(connection, question, wording)
            is_called = question.is_addressed and subject.ts != thread.thread
            if heard.stands is Stands.OPEN and (is_called or heard.reopens):
                async with writing(self._engine) as connection:
                    if is_called:
                        await _mark_thread(connection, thread, "called_ts", subject.ts)
                    if heard.reopens:
                        await self._end(connection, thread, Outcome.REOPENED, "", subject.ts)
        return heard

    async def note_edit(self, message: MessageKey, wording: str) -> bool:
        row = self._message_mark(message, edited_ts=wording, edits=1)
        is_newer = row.excluded.edited_ts > MessageMarkRow.edited_ts
        newer = {"edited_ts": row.excluded.edited_ts, "edits": MessageMarkRow.edits + 1}
        statement = row.on_conflict_do_update(
            index_elements=_MESSAGE, set_=newer, where=is_newer & ~MessageMarkRow.is_deleted
        )
        with store_errors("Noting an edit"):
            async with writing(self._engine) as connection:
                await connection.execute(statement)
                mark = await _mark_of(connection, message)
        return mark is not None and mark.edited_ts == wording and not mark.is_deleted

    async def note_deletion(self, message: MessageKey) -> None:
        row = self._message_mark(message, is_deleted=True)
        statement = row.on_conflict_do_update(index_elements=_MESSAGE, set_={"is_deleted": True})
        with store_errors("Noting a deletion"):
            async with writing(self._engine) as connection:
                await alone_in_channel(connection, message.channel)
                await connection.execute(statement)

    async def note_departure(self, workspace: str, channel: str, at: str) -> None:
        row = insert_into(self._engine, ChannelMarkRow).values(
            workspace=workspace, channel=channel, left_ts=at
        )
        statement = row.on_conflict_do_update(
            index_elements=["workspace", "channel"],
            set_={"left_ts": at},
            where=row.excluded.left_ts > ChannelMarkRow.left_ts,
        )
        with store_errors("Noting that a channel was left"):
            async with writing(self._engine) as connection:
                await alone_in_channel(connection, channel)
                await connection.execute(statement)

    async def keep_out(self, thread: ThreadKey, at: str, *, out: bool = True) -> None:
        with store_errors("Noting who is to keep out"):
            async with writing(self._engine) as connection:
                await _mark_thread(connection, thread, "kept_out_ts" if out else "called_ts", at)

    async def keeps_out(self, thread: ThreadKey) -> bool:
        with store_errors("Looking for a thread"):
            async with self._engine.connect() as connection:
                return await _is_kept_out(connection, thread)

    async def answer_at(self, message: MessageKey) -> AnswerPlace | None:
        """By the ledger of posts: it knows an answer before its turn does."""
        post = select(PostRow.key, PostRow.thread).where(
            PostRow.channel == message.channel,
            PostRow.ts == message.ts,
            PostRow.workspace == message.workspace,
        )
        with store_errors("Looking for an answer"):
            async with self._engine.connect() as connection:
                found = (await connection.execute(post)).first()
                turn_id = found.key.partition(":instead of ")[0] if found else ""
                turn = await _turn_at(connection, message, turn_id)
        if found is None and turn is None:
            return None
        root = turn.thread if turn else (found.thread if found else "") or message.ts
        thread = ThreadKey(message.workspace, message.channel, root)
        return AnswerPlace(turn.id if turn else "", thread, turn.user_id if turn else "")

    async def place_of(self, turn_id: str) -> AnswerPlace | None:
        statement = _turns_in_threads().where(TurnRow.id == turn_id)
        with store_errors("Looking for a turn"):
            async with self._engine.connect() as connection:
                turn = (await connection.execute(statement)).first()
        if turn is None:
            return None
        thread = ThreadKey(turn.workspace, turn.channel, turn.thread)
        return AnswerPlace(turn.id, thread, turn.user_id)

    async def work_in(self, thread: ThreadKey) -> Sequence[str]:
        opened = select(PostRow.key).where(
            PostRow.channel == thread.channel, PostRow.ts == thread.thread
        )
        taken = select(InboxRow.key).where(*is_thread(InboxRow, thread))
        with store_errors("Looking for work in a thread"):
            async with self._engine.connect() as connection:
                return list((await connection.scalars(taken.union(opened))).all())

    async def rate(self, rating: Rating) -> None:
        await put_rating(self._engine, rating, self._redact, self._clock())

    async def take_back(self, rating: Rating) -> None:
        await put_rating(self._engine, rating, self._redact, self._clock(), is_on=False)

    async def solve(self, thread: ThreadKey, by: str, at: str, *, solved: bool = True) -> bool:
        asked_again = exists().where(
            TurnRow.conversation_id == ConversationRow.id, TurnRow.asked_at > _moment(at)
        )
        with store_errors("Noting how a conversation ended"):
            async with writing(self._engine) as connection:
                again = solved and bool(
                    await connection.scalar(
                        select(asked_again).where(*is_thread(ConversationRow, thread))
                    )
                )
                outcome = Outcome.REOPENED if again else Outcome.SOLVED if solved else Outcome.OPEN
                return await self._end(connection, thread, outcome, by, at) and not again

    async def first_asked(self, thread: ThreadKey) -> str | None:
        statement = (
            select(TurnRow.id)
            .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
            .where(*is_thread(ConversationRow, thread))
            .order_by(TurnRow.asked_at, TurnRow.id)
            .limit(1)
        )
        with store_errors("Looking for a question"):
            async with self._engine.connect() as connection:
                turn_id = await connection.scalar(statement)
        return None if turn_id is None else turn_id.split(":")[2]

    async def tidy(self, before: datetime) -> int:
        """Forgets marks on messages that were made before then: what they were about is gone. And
        those on threads, where the bot has no part in them any more."""
        with store_errors("Tidying marks"):
            async with writing(self._engine) as connection:
                await connection.execute(_left_threads(before))
            return await delete_before(
                self._engine, MessageMarkRow.ts, MessageMarkRow.marked_at, before
            )

    async def _end(
        self, connection: AsyncConnection, thread: ThreadKey, outcome: Outcome, by: str, at: str
    ) -> bool:
        """False where something newer is known. Cases that were shown there fare accordingly."""
        row = ConversationRow
        changed = await connection.execute(
            update(row)
            .where(*is_thread(row, thread), row.outcome_ts <= at)
            .values(outcome=outcome.value, outcome_by=by, outcome_ts=at)
        )
        await judge_conversation(connection, is_thread(row, thread), self._clock())
        return changed.rowcount > 0

    def _message_mark(
        self, message: MessageKey, edited_ts: str = "", edits: int = 0, *, is_deleted: bool = False
    ) -> sqlite.Insert | postgresql.Insert:
        return insert_into(self._engine, MessageMarkRow).values(
            workspace=message.workspace,
            channel=message.channel,
            ts=message.ts,
            edited_ts=edited_ts,
            edits=edits,
            is_deleted=is_deleted,
            marked_at=self._clock(),
        )


async def _mark_of(connection: AsyncConnection, message: MessageKey) -> Row[str, int, bool] | None:
    columns = (MessageMarkRow.edited_ts, MessageMarkRow.edits, MessageMarkRow.is_deleted)
    found = select(*columns).where(
        MessageMarkRow.workspace == message.workspace,
        MessageMarkRow.channel == message.channel,
        MessageMarkRow.ts == message.ts,
    )
    return (await connection.execute(found)).first()


async def _is_kept_out(connection: AsyncConnection, thread: ThreadKey) -> bool:
    kept_out = exists().where(
        *is_thread(ThreadMarkRow, thread), ThreadMarkRow.kept_out_ts > ThreadMarkRow.called_ts
    )
    return bool(await connection.scalar(select(kept_out)))


async def _mark_thread(
    connection: AsyncConnection, thread: ThreadKey, column: str, at: str
) -> None:
    nothing = {"kept_out_ts": "", "called_ts": ""}
    row = insert_into(connection, ThreadMarkRow).values(
        workspace=thread.workspace,
        channel=thread.channel,
        thread=thread.thread,
        **(nothing | {column: at}),
    )
    known = ThreadMarkRow.__table__.columns[column]
    await connection.execute(
        row.on_conflict_do_update(
            index_elements=["workspace", "channel", "thread"],
            set_={column: at},
            where=row.excluded[column] > known,
        )
    )


def _left_threads(before: datetime) -> Delete:
    """Marks older than that on threads in which nothing is heard anyway: nobody called the bot
    there of late, and nothing that it said is kept."""
    row, at = ThreadMarkRow, f"{before.timestamp():.6f}"

    def is_in(other: type[InboxRow | ConversationRow]) -> ColumnElement[bool]:
        names = ("workspace", "channel", "thread")
        same = (getattr(other, name) == getattr(row, name) for name in names)
        return exists().where(*same)

    return delete(row).where(
        row.kept_out_ts < at, row.called_ts < at, ~is_in(InboxRow), ~is_in(ConversationRow)
    )


async def _heard(connection: AsyncConnection, question: Question, wording: str) -> Heard:
    thread, subject = question.thread, subject_of(question)
    if await is_gone(connection, question):
        return Heard(Stands.GONE)
    mark = await _mark_of(connection, subject)
    if mark is not None and mark.edited_ts > wording:
        return Heard(Stands.OUTDATED)
    if not question.is_addressed and await _is_kept_out(connection, thread):
        return Heard(Stands.KEPT_OUT)
    solved = exists().where(
        *is_thread(ConversationRow, thread),
        ConversationRow.outcome == Outcome.SOLVED.value,
        ConversationRow.outcome_ts < subject.ts,
    )
    reopens = bool(await connection.scalar(select(solved)))
    return Heard(edition=mark.edits if mark is not None else 0, reopens=reopens)


def _turns_in_threads() -> Select[str, str, str, str, str]:
    columns = (TurnRow.id, TurnRow.user_id, TurnRow.workspace, TurnRow.channel)
    return select(*columns, ConversationRow.thread).join(
        ConversationRow, ConversationRow.id == TurnRow.conversation_id
    )


async def _turn_at(
    connection: AsyncConnection, message: MessageKey, turn_id: str
) -> Row[str, str, str, str, str] | None:
    stands_there = and_(
        TurnRow.channel == message.channel,
        TurnRow.reply_ts == message.ts,
        TurnRow.workspace == message.workspace,
    )
    statement = _turns_in_threads().where(or_(TurnRow.id == turn_id, stands_there)).limit(1)
    return (await connection.execute(statement)).first()


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
