"""How conversations ended, worked out a page at a time from what is kept of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.engine import store_errors
from bot.adapters.sql.escalation_tables import EscalationPartyRow, EscalationRow, TruthRow
from bot.adapters.sql.statements import is_thread
from bot.adapters.sql.tables import ConversationRow, RatingRow, TurnRow, VerdictRow
from bot.domain.conversations import Outcome, Score
from bot.domain.escalations import State, Truth, WasRight
from bot.domain.outcomes import EndedConversation, Human, Said, Thumb
from bot.domain.questions import Origin, ThreadKey
from bot.learning.endings import ABANDONED_AFTER, ending_of
from bot.services.ending_ports import ALL, EndingsQuery

_PAGE = 200
Rows = Sequence[Row[*tuple[Any, ...]]]
Statement = Select[*tuple[Any, ...]]


class SqlEndings:
    """The port `Endings`; the engine belongs to the caller."""

    def __init__(
        self,
        engine: AsyncEngine,
        now: Callable[[], datetime],
        *,
        abandoned_after: timedelta = ABANDONED_AFTER,
        page: int = _PAGE,
    ) -> None:
        """`page` is how many conversations are held at a time."""
        self._engine = engine
        self._now = now
        self._abandoned_after = abandoned_after
        self._page = page

    async def ended(self, query: EndingsQuery = ALL) -> AsyncIterator[EndedConversation]:
        after = 0
        while True:
            with store_errors("Reading how conversations ended"):
                async with self._engine.connect() as connection:
                    page = await _page(connection, query, after, self._page)
                    found = await self._endings(connection, page)
            for one in found:
                yield one
            if len(page) < self._page:
                return
            after = page[-1].id

    async def of(self, thread: ThreadKey) -> EndedConversation | None:
        wanted = _conversations().where(*is_thread(ConversationRow, thread))
        with store_errors("Reading how a conversation ended"):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(wanted)).all()
                found = await self._endings(connection, rows)
        return found[0] if found else None

    async def _endings(self, connection: AsyncConnection, page: Rows) -> list[EndedConversation]:
        """Of those that have a turn."""
        ids = [row.id for row in page]
        turns = _by_conversation(await connection.execute(_turns(ids)))
        thumbs = _by_conversation(await connection.execute(_thumbs(ids)))
        humans = _by_conversation(await connection.execute(_humans(ids)))
        return [
            self._ending(row, turns[row.id], thumbs[row.id], humans[row.id])
            for row in page
            if turns[row.id]
        ]

    def _ending(
        self, row: Row[*tuple[Any, ...]], turns: Rows, thumbs: Rows, humans: Rows
    ) -> EndedConversation:
        said = Said(
            turn_ids=tuple(one.id for one in turns),
            last_at=max(one.answered_at for one in turns),
            outcome=Outcome(row.outcome),
            outcome_at=_moment(row.outcome_ts),
            thumbs=tuple(Thumb(one.turn_id, Score(one.score), one.at) for one in thumbs),
            humans=tuple(map(_human, humans)),
        )
        about = next((one for one in reversed(turns) if one.cause is not None), turns[-1])
        return EndedConversation(
            thread=ThreadKey(row.workspace, row.channel, row.thread),
            origin=Origin(row.origin),
            ended=ending_of(said, self._now(), self._abandoned_after),
            turn_ids=said.turn_ids,
            turn_id=about.id,
            asked_at=turns[0].asked_at,
            last_at=said.last_at,
            seconds=turns[0].seconds,
            verdict=about.kind or "",
            predicted=about.cause or "",
            cluster=about.cluster or "",
            dag_id=about.dag_id or "",
            escalations=tuple(one.id for one in humans),
        )


def _conversations() -> Statement:
    row = ConversationRow
    place = (row.workspace, row.channel, row.thread)
    return select(row.id, row.origin, *place, row.outcome, row.outcome_ts)


async def _page(connection: AsyncConnection, query: EndingsQuery, after: int, limit: int) -> Rows:
    row = ConversationRow
    conditions: list[ColumnElement[bool]] = [row.id > after]
    if query.since is not None:
        conditions.append(row.created_at >= query.since)
    if query.until is not None:
        conditions.append(row.created_at < query.until)
    if query.workspace:
        conditions.append(row.workspace == query.workspace)
    if query.said_since is not None:
        conditions.append(_was_spoken_of(query.said_since))
    wanted = _conversations().where(*conditions).order_by(row.id).limit(limit)
    rows: Rows = (await connection.execute(wanted)).all()
    return rows


def _was_spoken_of(since: datetime) -> ColumnElement[bool]:
    rated = (
        select(TurnRow.conversation_id)
        .join(RatingRow, RatingRow.turn_id == TurnRow.id)
        .where(RatingRow.at >= since)
    )
    party = EscalationPartyRow
    told = exists().where(
        *_is_of(party),
        EscalationRow.id == party.escalation_id,
        EscalationRow.changed_at >= since,
    )
    # As text, the order of ts is their order in time.
    is_noted = ConversationRow.outcome_ts >= f"{since.timestamp():.6f}"
    return or_(ConversationRow.id.in_(rated), told, is_noted)


def _is_of(party: type[EscalationPartyRow]) -> tuple[ColumnElement[bool], ...]:
    row = ConversationRow
    return (
        party.workspace == row.workspace,
        party.channel == row.channel,
        party.thread == row.thread,
    )


def _turns(ids: Sequence[int]) -> Statement:
    row, verdict = TurnRow, VerdictRow
    found = (verdict.kind, verdict.cause, verdict.cluster, verdict.dag_id)
    return (
        select(row.conversation_id, row.id, row.asked_at, row.answered_at, row.seconds, *found)
        .outerjoin(verdict, verdict.turn_id == row.id)
        .where(row.conversation_id.in_(ids))
        .order_by(row.asked_at, row.id)
    )


def _thumbs(ids: Sequence[int]) -> Statement:
    """Of whoever asked, by each way that they said it."""
    row, turn = RatingRow, TurnRow
    return (
        select(turn.conversation_id, row.turn_id, row.score, row.at)
        .join(turn, and_(turn.id == row.turn_id, turn.user_id == row.user_id))
        .where(turn.conversation_id.in_(ids), row.is_on)
        .order_by(row.at, row.source)
    )


def _humans(ids: Sequence[int]) -> Statement:
    row, party, truth = EscalationRow, EscalationPartyRow, TruthRow
    said = (truth.user_id, truth.at, truth.was_wrong, truth.fixed_by, truth.bot, truth.cause)
    return (
        select(ConversationRow.id.label("conversation_id"), row.id, row.state, *said)
        .join(party, and_(*_is_of(party)))
        .join(row, row.id == party.escalation_id)
        .outerjoin(truth, truth.escalation_id == row.id)
        .where(ConversationRow.id.in_(ids))
        .order_by(row.opened_at, row.id)
    )


def _human(row: Row[*tuple[Any, ...]]) -> Human:
    state = State(row.state)
    if row.at is None or state is not State.RESOLVED:
        return Human(row.id, state)
    right = WasRight(row.bot)
    truth = Truth(row.id, row.user_id, row.at, row.was_wrong, row.fixed_by, right, row.cause)
    return Human(row.id, state, truth)


def _by_conversation(rows: Iterable[Any]) -> Mapping[int, Rows]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.conversation_id].append(row)
    return found


def _moment(ts: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except ValueError:
        return None
