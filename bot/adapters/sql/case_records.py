"""How cases fared: counted from what is kept of each answer in which they were shown.

What whoever asked thinks of them follows from their ratings and from how their conversation
stands. So it is worked out anew, within the same transaction, whenever one of these changes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.case_tables import CaseEventRow, ResolvedCaseRow
from bot.adapters.sql.reviews import open_review
from bot.adapters.sql.statements import insert_into
from bot.adapters.sql.tables import ConversationRow, RatingRow, TurnRow
from bot.domain.conversations import Outcome, Score
from bot.domain.resolved_cases import CaseOpinion, CaseRecord, CaseState
from bot.domain.reviews import ReviewItem, ReviewKind
from bot.learning.case_record import opinion_of

SERVED = "served"
_TITLE = 150  # characters
_FAILED_OFTEN = "it failed more of those who asked than it helped"


async def records_of(
    connection: AsyncConnection, case_ids: Collection[str]
) -> dict[str, CaseRecord]:
    """Of each case since it was approved; a person counts once, by their newest opinion."""
    if not case_ids:
        return {}
    since = or_(
        ResolvedCaseRow.approved_at.is_(None), CaseEventRow.at >= ResolvedCaseRow.approved_at
    )
    found = dict.fromkeys(case_ids, CaseRecord())
    for row in await connection.execute(_counted(case_ids, since)):
        found[row.case_id] = CaseRecord(row.served, row.helped, row.failed)
    return found


def _counted(case_ids: Collection[str], since: ColumnElement[bool]) -> Select[str, int, int, int]:
    event = CaseEventRow
    is_served = event.kind == SERVED
    rank = func.row_number().over(
        partition_by=(event.case_id, is_served, event.workspace, event.user_id),
        order_by=(event.at.desc(), event.key),
    )
    # Nobody's opinion counts in favour of what they said or approved themselves.
    is_own = event.user_id.in_([ResolvedCaseRow.confirmed_by, ResolvedCaseRow.approved_by])
    seen = (
        select(event.case_id, event.kind, rank.label("rank"), is_own.label("is_own"))
        .join(ResolvedCaseRow, ResolvedCaseRow.id == event.case_id)
        .where(event.case_id.in_(case_ids), since)
        .subquery()
    )
    helped = and_(seen.c.kind == CaseOpinion.HELPED.value, seen.c.rank == 1, ~seen.c.is_own)
    failed = and_(seen.c.kind == CaseOpinion.FAILED.value, seen.c.rank == 1)
    return select(
        seen.c.case_id,
        *(
            func.sum(case((counts, 1), else_=0)).label(name)
            for name, counts in (
                ("served", seen.c.kind == SERVED),
                ("helped", helped),
                ("failed", failed),
            )
        ),
    ).group_by(seen.c.case_id)


async def put_served(
    connection: AsyncConnection,
    case_ids: Sequence[str],
    turn_id: str,
    workspace: str,
    user_id: str,
    at: datetime,
) -> None:
    """These were shown to whoever asked, in the answer of that turn; once each."""
    for case_id in case_ids:
        row = insert_into(connection, CaseEventRow).values(
            key=f"{case_id}:{turn_id}:{SERVED}",
            case_id=case_id,
            kind=SERVED,
            turn_id=turn_id,
            workspace=workspace,
            user_id=user_id,
            at=at,
        )
        await connection.execute(row.on_conflict_do_nothing(index_elements=["key"]))


async def judge_cases(connection: AsyncConnection, turn_id: str, now: datetime) -> None:
    """Keeps what whoever asked thinks of the cases in the answer of that turn by now, and withdraws
    those that failed more people than they helped. Within the caller's transaction, which
    writes."""
    event = CaseEventRow
    shown = select(event.case_id, event.workspace, event.user_id).where(
        event.turn_id == turn_id, event.kind == SERVED
    )
    rows = (await connection.execute(shown)).all()
    if not rows:
        return
    opinion = await _opinion(connection, turn_id, rows[0].user_id)
    for row in rows:
        key = f"{row.case_id}:{turn_id}:opinion"
        if opinion is None:
            await connection.execute(delete(event).where(event.key == key))
            continue
        values = {"kind": opinion.value, "at": now}
        statement = insert_into(connection, event).values(
            key=key,
            case_id=row.case_id,
            turn_id=turn_id,
            workspace=row.workspace,
            user_id=row.user_id,
            **values,
        )
        changed = statement.on_conflict_do_update(
            index_elements=["key"], set_=values, where=event.kind != opinion.value
        )
        await connection.execute(changed)
    await _dispute_failing(connection, [row.case_id for row in rows], now)


async def judge_conversation(
    connection: AsyncConnection, of_thread: Sequence[ColumnElement[bool]], now: datetime
) -> None:
    """The same for all turns of the conversation that meets these conditions."""
    turns = (
        select(TurnRow.id)
        .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
        .join(CaseEventRow, CaseEventRow.turn_id == TurnRow.id)
        .where(*of_thread, CaseEventRow.kind == SERVED)
        .distinct()
    )
    for turn_id in (await connection.scalars(turns)).all():
        await judge_cases(connection, turn_id, now)


async def dispute(
    connection: AsyncConnection, row: Row[*tuple[Any, ...]], why: str, now: datetime
) -> None:
    """Takes an approved case out of use and has somebody look at it; `row` has all its columns."""
    statement = (
        update(ResolvedCaseRow)
        .where(ResolvedCaseRow.id == row.id, ResolvedCaseRow.state == CaseState.APPROVED.value)
        .values(state=CaseState.DISPUTED.value, note=why, changed_at=now)
    )
    if not (await connection.execute(statement)).rowcount:
        return
    approved = row.approved_at or row.created_at
    item = ReviewItem(
        id=f"{ReviewKind.CASE.value}:{row.id}:{approved:%Y%m%dT%H%M%S}",
        kind=ReviewKind.CASE,
        subject=row.id,
        title=title_of(row.problem),
        opened_at=now,
        workspace=row.workspace,
    )
    await open_review(connection, item)


def title_of(problem: str) -> str:
    """One line of what went wrong."""
    return " ".join(problem.split())[:_TITLE]


async def _opinion(connection: AsyncConnection, turn_id: str, user_id: str) -> CaseOpinion | None:
    newest = (
        select(RatingRow.score)
        .where(RatingRow.turn_id == turn_id, RatingRow.user_id == user_id, RatingRow.is_on)
        .order_by(RatingRow.at.desc(), RatingRow.source.desc())
        .limit(1)
    )
    solved = (
        select(ConversationRow.id)
        .join(TurnRow, TurnRow.conversation_id == ConversationRow.id)
        .where(
            TurnRow.id == turn_id,
            ConversationRow.outcome == Outcome.SOLVED.value,
            ConversationRow.outcome_by == user_id,
        )
    )
    score = await connection.scalar(newest)
    is_solved = (await connection.scalar(solved)) is not None
    return opinion_of(Score(score) if score else None, is_solved=is_solved)


async def _dispute_failing(
    connection: AsyncConnection, case_ids: Sequence[str], now: datetime
) -> None:
    records = await records_of(connection, case_ids)
    failing = [case_id for case_id, record in records.items() if record.is_bad]
    if not failing:
        return
    approved = select(ResolvedCaseRow.__table__).where(
        ResolvedCaseRow.id.in_(failing), ResolvedCaseRow.state == CaseState.APPROVED.value
    )
    for row in (await connection.execute(approved)).all():
        await dispute(connection, row, _FAILED_OFTEN, now)
