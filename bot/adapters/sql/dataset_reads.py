"""Turns with what people made of them, page by page, for a dataset."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Exists, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import InstrumentedAttribute, aliased

from bot.adapters.sql.case_rows import case_of
from bot.adapters.sql.case_tables import CaseSourceRow, ResolvedCaseRow
from bot.adapters.sql.dataset_tables import SnapshotTurnRow
from bot.adapters.sql.engine import store_errors
from bot.adapters.sql.escalation_tables import EscalationPartyRow, EscalationRow, TruthRow
from bot.adapters.sql.preference_tables import PreferenceRow
from bot.adapters.sql.rows import rating_of, turn_of
from bot.adapters.sql.tables import ConversationRow, EvidenceRow, RatingRow, TurnRow
from bot.domain.conversations import Outcome, Rating, Turn
from bot.domain.errors import StoreError
from bot.domain.escalations import State, Truth, WasRight
from bot.domain.resolved_cases import CaseState, ResolvedCase
from bot.services.export_ports import Cursor, SnapshotTurn, StoredTurn

_LATER = aliased(TurnRow)
_SOLVED = and_(
    ConversationRow.outcome == Outcome.SOLVED.value,
    ~select(_LATER.id)
    .where(_LATER.conversation_id == TurnRow.conversation_id, _LATER.asked_at > TurnRow.asked_at)
    .exists(),
)
_APPROVED = (CaseState.APPROVED.value, CaseState.RETIRED.value)


class SqlTurnPages:
    """The port `TurnPages`; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine)
        # PostgreSQL sorts texts by its locale: as bytes they have one order everywhere.
        self._id: ColumnElement[str] = (
            TurnRow.id.collate("C")
            if engine.dialect.name == "postgresql"
            else TurnRow.id.collate("BINARY")
        )

    async def page(self, after: Cursor | None, limit: int) -> Sequence[StoredTurn]:
        statement = _turns().order_by(TurnRow.answered_at, self._id).limit(limit)
        if after is not None:
            at, last = after.answered_at, after.turn_id
            later = and_(TurnRow.answered_at == at, self._id > last)
            statement = statement.where(
                TurnRow.answered_at >= at, or_(TurnRow.answered_at > at, later)
            )
        with store_errors("Reading turns for a dataset"):
            async with self._sessions() as session:
                rows = (await session.execute(statement)).all()
                said = await _said_of(session, [row[0].id for row in rows])
        return await asyncio.to_thread(lambda: [said.with_turn(*row) for row in rows])

    async def of_snapshot(self, snapshot_id: str, numbers: Sequence[int]) -> Sequence[SnapshotTurn]:
        row = SnapshotTurnRow
        statement = (
            _turns(row.number, row.digest)
            .join(row, row.turn_id == TurnRow.id)
            .where(row.snapshot_id == snapshot_id, row.number.in_(numbers))
            .order_by(row.number)
        )
        with store_errors("Reading the turns of a snapshot"):
            async with self._sessions() as session:
                rows = (await session.execute(statement)).all()
                said = await _said_of(session, [row[0].id for row in rows])
        return await asyncio.to_thread(
            lambda: [SnapshotTurn(one[4], one[5], said.with_turn(*one[:4])) for one in rows]
        )

    async def count(self) -> int:
        with store_errors("Counting turns"):
            async with self._engine.connect() as connection:
                return await connection.scalar(select(func.count()).select_from(TurnRow)) or 0


class _Said:
    """What people said about the turns of a page."""

    def __init__(self) -> None:
        self.ratings: dict[str, dict[str, Rating]] = defaultdict(dict)
        self.truths: dict[str, list[Truth]] = defaultdict(list)
        self.cases: dict[str, ResolvedCase] = {}

    def with_turn(
        self, row: TurnRow, evidence: EvidenceRow | None, keeps: bool | None, is_solved: bool
    ) -> StoredTurn:
        return StoredTurn(
            at=Cursor(row.answered_at, row.id),
            origin=row.origin,
            workspace=row.workspace,
            author_team=row.author_team,
            expires_at=row.expires_at,
            keeps=keeps is not False,
            turn=_readable(row, evidence),
            ratings=tuple(self.ratings[row.id].values()),
            truths=tuple(self.truths[row.id]),
            case=self.cases.get(row.id),
            is_solved=bool(is_solved),
        )


def _turns(*more: Any) -> Select[Any]:
    return (
        select(TurnRow, EvidenceRow, PreferenceRow.keeps_conversations, _SOLVED, *more)
        .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
        .outerjoin(EvidenceRow, EvidenceRow.turn_id == TurnRow.id)
        .outerjoin(
            PreferenceRow,
            and_(
                PreferenceRow.workspace == TurnRow.workspace,
                PreferenceRow.user_id == TurnRow.user_id,
            ),
        )
    )


async def _said_of(session: AsyncSession, ids: Sequence[str]) -> _Said:
    said = _Said()
    if not ids:
        return said
    ratings = select(RatingRow).where(RatingRow.turn_id.in_(ids), RatingRow.is_on)
    # The newest of each person counts.
    for row in await session.scalars(ratings.order_by(RatingRow.at, RatingRow.source)):
        said.ratings[row.turn_id].pop(row.user_id, None)
        said.ratings[row.turn_id][row.user_id] = rating_of(row)
    for turn_id, truth, is_private in (await session.execute(_truths(ids))).all():
        said.truths[turn_id].append(_truth(truth, is_private))
    for case in await session.scalars(_cases(ids)):
        said.cases[case.turn_id] = case_of(case)
    return said


def _truths(ids: Sequence[str]) -> Select[str, TruthRow, bool]:
    """Of what was opened again nobody knows it yet."""
    row, party, escalation = TruthRow, EscalationPartyRow, EscalationRow
    return (
        select(party.turn_id, row, _keeps_nothing(row.user_id))
        .join(row, row.escalation_id == party.escalation_id)
        .join(escalation, escalation.id == party.escalation_id)
        .where(party.turn_id.in_(ids), escalation.state == State.RESOLVED.value)
        .order_by(row.at, row.escalation_id)
        .distinct()
    )


def _cases(ids: Sequence[str]) -> Select[ResolvedCaseRow]:
    """None of what was opened again, nor with words of somebody who wants nothing kept."""
    row, source, escalation = ResolvedCaseRow, CaseSourceRow, EscalationRow
    unresolved = exists().where(
        escalation.id == row.escalation_id, escalation.state != State.RESOLVED.value
    )
    unwilling = exists().where(source.case_id == row.id, _keeps_nothing(source.user_id))
    return (
        select(row)
        .where(row.turn_id.in_(ids), row.state.in_(_APPROVED), ~unresolved, ~unwilling)
        .where(~_keeps_nothing(row.confirmed_by))
        .order_by(row.confirmed_at, row.id)
    )


def _keeps_nothing(user_id: ColumnElement[str] | InstrumentedAttribute[str]) -> Exists:
    """Ids are of one person in every workspace; a truth does not say in which it was told."""
    row = aliased(PreferenceRow)
    return exists().where(row.user_id == user_id, ~row.keeps_conversations)


def _truth(row: TruthRow, is_private: bool) -> Truth:
    """Without the words of somebody who wants nothing kept, as after they were erased; whether the
    bot was right stays, lest the turn be taken for one that nobody objected to."""
    was_wrong, fixed_by = ("", "") if is_private else (row.was_wrong, row.fixed_by)
    return Truth(
        row.escalation_id, row.user_id, row.at, was_wrong, fixed_by, WasRight(row.bot), row.cause
    )


def _readable(row: TurnRow, evidence: EvidenceRow | None) -> Turn | None:
    """None for one of another version's form: the rest can be used all the same."""
    try:
        return turn_of(row, evidence)
    except (StoreError, ValueError):
        return None
