"""Conversations in a database: what was asked, answered, seen and rated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker

from bot.adapters.sql.case_quotes import no_more_shown
from bot.adapters.sql.case_records import put_served
from bot.adapters.sql.checks import check_database, check_writable
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.gone import alone_in_channel, is_gone
from bot.adapters.sql.packing import pack
from bot.adapters.sql.ratings import put_rating, ratings_of
from bot.adapters.sql.rows import (
    PROVENANCE,
    Redact,
    Values,
    evidence_values,
    provenance,
    reply_values,
    turn_of,
    turn_values,
    verdict_values,
)
from bot.adapters.sql.statements import insert_into, is_thread
from bot.adapters.sql.tables import ConversationRow, EvidenceRow, TurnRow, VerdictRow
from bot.adapters.sql.turn_index import index_values, put_index
from bot.answering.told_cases import cases_in, without_cases
from bot.domain.answers import Diagnosis, Reply
from bot.domain.checks import Check
from bot.domain.conversations import Rating, Turn
from bot.domain.errors import StoreError
from bot.domain.questions import ThreadKey


class SqlConversationStore:
    """The port `ConversationStore` over SQLAlchemy; the engine belongs to the caller.

    All text passes through `redact` on its way in: a last gate behind those at the doors. Turns
    may stay for as long as `keep`, and without end where that is None.
    Every method raises `StoreError` where the database refuses.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        redact: Redact = str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        keep: timedelta | None = None,
    ) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine)
        self._redact = redact
        self._clock = clock
        self._keep = keep

    async def add_turn(self, turn: Turn) -> Sequence[str]:
        """Stores the turn; one stored again under its id replaces it, but keeps its reply's ts.

        Nothing is kept of a question that was deleted since. With the turn it is counted which
        cases were shown, so that whatever ends a case finds the answers that hold its words.
        """
        values, evidence, verdict, found_by = await asyncio.to_thread(self._values, turn)
        now = self._clock()
        came_from = provenance(turn.question, now)
        came_from["expires_at"] = now + self._keep if self._keep is not None else None
        with store_errors("Storing a turn"):
            async with writing(self._engine) as connection:
                await alone_in_channel(connection, turn.question.thread.channel)
                if await is_gone(connection, turn.question):
                    return list(cases_in(turn.reply))
                gone = await no_more_shown(connection, turn.reply)
                reply = without_cases(turn.reply, gone)
                values |= reply_values(reply, self._redact) if gone else {}
                await self._put_turn(connection, turn.question.thread, {**came_from, **values})
                await _replace(connection, EvidenceRow, turn.id, came_from, evidence)
                await _replace(connection, VerdictRow, turn.id, came_from, verdict)
                await put_index(connection, found_by)
                await self._put_shown(connection, turn, cases_in(reply))
        return gone

    async def set_reply(self, turn_id: str, reply: Reply, reply_ts: str | None) -> Sequence[str]:
        """Without `reply_ts` the known one stands. Raises `StoreError` for an unknown turn."""
        values = await asyncio.to_thread(reply_values, reply, self._redact)
        if reply_ts is not None:
            values["reply_ts"] = reply_ts
        statement = update(TurnRow).where(TurnRow.id == turn_id)
        with store_errors("Storing a reply"):
            async with writing(self._engine) as connection:
                if gone := await no_more_shown(connection, reply):
                    values |= reply_values(without_cases(reply, gone), self._redact)
                changed = await connection.execute(statement.values(values))
        if changed.rowcount == 0:
            raise StoreError(f"There is no turn {turn_id} to keep a reply for.")
        return gone

    async def turn(self, turn_id: str) -> Turn | None:
        """None where no turn has that id."""
        turns = await self._turns(_turns_with_evidence().where(TurnRow.id == turn_id))
        return turns[0] if turns else None

    async def turns(self, thread: ThreadKey) -> Sequence[Turn]:
        """Oldest first."""
        return await self._turns(
            _turns_with_evidence()
            .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
            .where(*is_thread(ConversationRow, thread))
            .order_by(TurnRow.asked_at, TurnRow.id)
        )

    async def is_known(self, thread: ThreadKey) -> bool:
        """Whether anything was answered in that thread; reads no turn for it."""
        statement = (
            select(TurnRow.id)
            .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
            .where(*is_thread(ConversationRow, thread))
            .limit(1)
        )
        with store_errors("Looking for a thread"):
            async with self._engine.connect() as connection:
                return (await connection.execute(statement)).first() is not None

    async def rate(self, rating: Rating) -> None:
        """One rating a person and turn; the newest stands, in whichever order they arrive.

        Raises `StoreError` where the turn is not there.
        """
        await put_rating(self._engine, rating, self._redact, self._clock())

    async def take_back(self, rating: Rating) -> None:
        """It counts no more, unless it was given again later. Raises like `rate`."""
        await put_rating(self._engine, rating, self._redact, self._clock(), is_on=False)

    async def ratings(self, turn_id: str) -> Sequence[Rating]:
        """Oldest first."""
        return await ratings_of(self._engine, turn_id)

    async def ready(self) -> Check:
        """For a readiness page: whether a write would be taken now."""
        return await check_writable(self._engine)

    async def doctor(self) -> Sequence[Check]:
        return await check_database(self._engine)

    async def _turns(self, statement: Select[TurnRow, EvidenceRow]) -> list[Turn]:
        with store_errors("Reading turns"):
            async with self._sessions() as session:
                rows = (await session.execute(statement)).all()
        return await asyncio.to_thread(lambda: [turn_of(turn, seen) for turn, seen in rows])

    def _values(self, turn: Turn) -> tuple[Values, Values | None, Values | None, Values]:
        """Columns of the turn, its evidence, its verdict and what it is found by; takes time where
        evidence is large."""
        evidence = evidence_values(pack(turn.evidence, self._redact)) if turn.evidence else None
        verdict = verdict_values(turn.reply) if isinstance(turn.reply, Diagnosis) else None
        found_by = index_values(turn, self._redact)
        return turn_values(turn, self._redact), evidence, verdict, found_by

    async def _put_shown(
        self, connection: AsyncConnection, turn: Turn, shown: Sequence[str]
    ) -> None:
        workspace, asker = turn.question.thread.workspace, turn.question.asker.user_id
        await put_served(connection, shown, turn.id, workspace, asker, turn.answered_at)

    async def _put_turn(
        self, connection: AsyncConnection, thread: ThreadKey, values: Values
    ) -> None:
        came_from = {name: values[name] for name in PROVENANCE}
        conversation = insert_into(self._engine, ConversationRow).values(
            **came_from, thread=thread.thread
        )
        # First a write: SQLite takes its lock at once, or could not get it after a read.
        await connection.execute(conversation.on_conflict_do_nothing())
        of_thread = (
            select(ConversationRow.id).where(*is_thread(ConversationRow, thread)).scalar_subquery()
        )
        statement = insert_into(self._engine, TurnRow).values(
            {**values, "conversation_id": of_thread}
        )
        kept = {*PROVENANCE, "expires_at", "id", "reply_ts"}
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"],
                set_={
                    **{name: statement.excluded[name] for name in values if name not in kept},
                    "reply_ts": func.coalesce(statement.excluded.reply_ts, TurnRow.reply_ts),
                },
            )
        )


async def _replace(
    connection: AsyncConnection,
    table: type[EvidenceRow | VerdictRow],
    turn_id: str,
    came_from: Values,
    values: Values | None,
) -> None:
    await connection.execute(delete(table).where(table.turn_id == turn_id))
    if values is not None:
        await connection.execute(insert(table).values({**came_from, **values, "turn_id": turn_id}))


def _turns_with_evidence() -> Select[TurnRow, EvidenceRow]:
    return select(TurnRow, EvidenceRow).outerjoin(EvidenceRow, EvidenceRow.turn_id == TurnRow.id)
