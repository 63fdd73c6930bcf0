"""What waits for a person's decision, in a database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker

from bot.adapters.sql.audit import add_entry
from bot.adapters.sql.case_tables import ResolvedCaseRow, ReviewItemRow
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.paging import beyond, cursor_of, says
from bot.adapters.sql.statements import insert_into
from bot.adapters.sql.tables import TurnRow
from bot.domain.audit import AuditEntry
from bot.domain.reviews import (
    ReviewDecision,
    ReviewItem,
    ReviewKind,
    ReviewPage,
    ReviewQuery,
    ReviewState,
)

_OF_TURN = (ReviewKind.CONTRADICTION, ReviewKind.LABEL)


class SqlReviewQueue:
    """The port `ReviewQueue`; the engine belongs to the caller. Notes pass through `redact`."""

    def __init__(self, engine: AsyncEngine, *, redact: Callable[[str], str] = str) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine)
        self._redact = redact

    async def open(self, item: ReviewItem) -> bool:
        with store_errors("Opening a review"):
            async with writing(self._engine) as connection:
                return await open_review(connection, item)

    async def get(self, item_id: str) -> ReviewItem | None:
        with store_errors("Reading a review"):
            async with self._sessions() as session:
                row = await session.get(ReviewItemRow, item_id)
        return _item(row) if row is not None else None

    async def page(self, query: ReviewQuery) -> ReviewPage:
        row = ReviewItemRow
        is_rising = set(query.states) == {ReviewState.OPEN}
        order = (row.opened_at, row.id) if is_rising else (row.opened_at.desc(), row.id.desc())
        statement = (
            select(row)
            .where(*_conditions(query, is_rising=is_rising))
            .order_by(*order)
            .limit(query.limit + 1)
        )
        with store_errors("Reading what waits for review"):
            async with self._sessions() as session:
                rows = (await session.scalars(statement)).all()
        shown = rows[: query.limit]
        follows = len(rows) > query.limit
        after = cursor_of(shown[-1].opened_at, shown[-1].id) if follows and shown else ""
        return ReviewPage(tuple(map(_item, shown)), after)

    async def decide(
        self, item_id: str, decision: ReviewDecision, entry: AuditEntry, label: str = ""
    ) -> ReviewItem | None:
        row = ReviewItemRow
        statement = (
            update(row)
            .where(row.id == item_id, row.state == ReviewState.OPEN.value)
            .values(
                label=label,
                **_decided(decision.state, entry.user_id, entry.at, self._redact(entry.detail)),
            )
        )
        with store_errors("Keeping what a review came to"):
            async with writing(self._engine) as connection:
                if (await connection.execute(statement)).rowcount:
                    await add_entry(connection, entry, self._redact)
        return await self.get(item_id)


async def open_review(connection: AsyncConnection, item: ReviewItem) -> bool:
    """Within the caller's transaction, which writes."""
    case_id = turn_id = None
    if item.kind is ReviewKind.CASE:
        case_id = item.subject
        subject = select(ResolvedCaseRow.id).where(ResolvedCaseRow.id == case_id)
    elif item.kind in _OF_TURN:
        turn_id = item.subject
        subject = select(TurnRow.id).where(TurnRow.id == turn_id)
    if (case_id or turn_id) and await connection.scalar(subject.with_for_update()) is None:
        return False
    row = insert_into(connection, ReviewItemRow).values(
        id=item.id,
        kind=item.kind.value,
        subject=item.subject,
        title=item.title,
        workspace=item.workspace,
        opened_at=item.opened_at,
        state=item.state.value,
        decided_by=item.decided_by,
        decided_at=item.decided_at,
        note=item.note,
        label=item.label,
        case_id=case_id,
        turn_id=turn_id,
    )
    opened = row.on_conflict_do_nothing(index_elements=["id"]).returning(ReviewItemRow.id)
    return (await connection.scalar(opened)) is not None


async def close_reviews(
    connection: AsyncConnection,
    case_id: str,
    state: ReviewState,
    at: datetime,
    by: str = "",
    note: str = "",
) -> None:
    """Those of a case that was decided otherwise than through the queue."""
    row = ReviewItemRow
    await connection.execute(
        update(row)
        .where(row.case_id == case_id, row.state == ReviewState.OPEN.value)
        .values(_decided(state, by, at, note))
    )


def _decided(state: ReviewState, by: str, at: datetime, note: str) -> dict[str, Any]:
    return {"state": state.value, "decided_by": by, "decided_at": at, "note": note}


def _conditions(query: ReviewQuery, *, is_rising: bool) -> list[ColumnElement[bool]]:
    row = ReviewItemRow
    conditions = says(query.words, (row.title, row.subject, row.note))
    if query.kinds:
        conditions.append(row.kind.in_([kind.value for kind in query.kinds]))
    if query.states:
        conditions.append(row.state.in_([state.value for state in query.states]))
    if query.workspace:
        conditions.append(row.workspace == query.workspace)
    if query.after:
        conditions.append(beyond(query.after, row.opened_at, row.id, is_rising=is_rising))
    return conditions


def _item(row: ReviewItemRow) -> ReviewItem:
    return ReviewItem(
        id=row.id,
        kind=ReviewKind(row.kind),
        subject=row.subject,
        title=row.title,
        opened_at=row.opened_at,
        state=ReviewState(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        note=row.note,
        workspace=row.workspace,
        label=row.label,
    )
