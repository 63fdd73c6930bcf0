"""Failures that humans resolved, in a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker

from bot.adapters.sql.audit import add_entry
from bot.adapters.sql.case_queries import conditions_of, is_alike
from bot.adapters.sql.case_records import dispute, records_of, title_of
from bot.adapters.sql.case_rows import case_of, case_values
from bot.adapters.sql.case_sources import is_any_gone
from bot.adapters.sql.case_tables import CaseEventRow, CaseSourceRow, ResolvedCaseRow
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.paging import cursor_of
from bot.adapters.sql.reviews import close_reviews, open_review
from bot.adapters.sql.statements import insert_into
from bot.domain.audit import AuditEntry
from bot.domain.resolved_cases import (
    CasePage,
    CaseQuery,
    CaseRecord,
    CaseSource,
    CaseState,
    KnownCase,
    ResolvedCase,
    Structure,
)
from bot.domain.reviews import ReviewItem, ReviewKind, ReviewState

_CORRECTED = "what was said when it was resolved was corrected since"
_IN_USE = (CaseState.DRAFT, CaseState.APPROVED, CaseState.DISPUTED)


class SqlResolvedCases:
    """The port `ResolvedCases`; the engine belongs to the caller. Texts pass through `redact`."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        clock: Callable[[], datetime],
        redact: Callable[[str], str] = str,
    ) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine)
        self._clock = clock
        self._redact = redact

    async def add(self, case: ResolvedCase, sources: Sequence[CaseSource]) -> bool:
        now = self._clock()
        draft = replace(case, state=CaseState.DRAFT)
        values = case_values(draft, self._redact, now)
        with store_errors("Keeping a resolved case"):
            async with writing(self._engine) as connection:
                if await is_any_gone(connection, sources):
                    return False
                row = insert_into(connection, ResolvedCaseRow).values(created_at=now, **values)
                put = row.on_conflict_do_update(
                    index_elements=["id"],
                    set_=values,
                    where=ResolvedCaseRow.state == CaseState.DRAFT.value,
                )
                is_put = await connection.scalar(put.returning(ResolvedCaseRow.id)) is not None
                if not is_put and not await _corrected(connection, values, now):
                    return False
                await _put_sources(connection, case.id, sources)
                if is_put:
                    await open_review(connection, _review_of(draft, values["problem"], now))
        return True

    async def doubt(self, escalation_id: str, why: str) -> int:
        row, now = ResolvedCaseRow, self._clock()
        theirs = row.escalation_id == escalation_id
        with store_errors("Doubting resolved cases"):
            async with writing(self._engine) as connection:
                approved = select(row.__table__).where(
                    theirs, row.state == CaseState.APPROVED.value
                )
                doubted = (await connection.execute(approved)).all()
                for one in doubted:
                    await dispute(connection, one, why, now)
                drafts = update(row).where(theirs, row.state == CaseState.DRAFT.value)
                values = {"state": CaseState.REJECTED.value, "note": why, "changed_at": now}
                ended = (await connection.scalars(drafts.values(values).returning(row.id))).all()
                for case_id in ended:
                    state = ReviewState.REJECTED
                    await close_reviews(connection, case_id, state, now, note=why)
        return len(doubted) + len(ended)

    async def get(self, case_id: str) -> KnownCase | None:
        found = await self._known(select(ResolvedCaseRow).where(ResolvedCaseRow.id == case_id))
        return found[0] if found else None

    async def sources(self, case_id: str) -> Sequence[CaseSource]:
        row = CaseSourceRow
        statement = (
            select(row.workspace, row.user_id, row.channel, row.ts)
            .where(row.case_id == case_id)
            .order_by(row.ts, row.user_id)
        )
        with store_errors("Reading what a case rests on"):
            async with self._engine.connect() as connection:
                return [CaseSource(*each) for each in await connection.execute(statement)]

    async def page(self, query: CaseQuery) -> CasePage:
        row = ResolvedCaseRow
        statement = (
            select(row)
            .where(*conditions_of(query))
            .order_by(row.created_at.desc(), row.id.desc())
            .limit(query.limit + 1)
        )
        with store_errors("Reading resolved cases"):
            async with self._sessions() as session:
                rows = (await session.scalars(statement)).all()
                shown = rows[: query.limit]
                records = await records_of(await session.connection(), [one.id for one in shown])
        follows = len(rows) > query.limit
        after = cursor_of(shown[-1].created_at, shown[-1].id) if follows and shown else ""
        return CasePage(tuple(KnownCase(case_of(one), records[one.id]) for one in shown), after)

    async def decide(self, case: ResolvedCase, was: CaseState, entry: AuditEntry) -> bool:
        row = ResolvedCaseRow
        values = case_values(case, self._redact, self._clock())
        with store_errors("Keeping what became of a case"):
            async with writing(self._engine) as connection:
                stands = select(row.state, row.fix, row.cause, row.problem).where(row.id == case.id)
                before = (await connection.execute(stands.with_for_update())).first()
                if before is None or before.state != was.value:
                    return False
                await connection.execute(update(row).where(row.id == case.id).values(values))
                said = (values["fix"], values["cause"], values["problem"])
                is_edited = said != (before.fix, before.cause, before.problem)
                state = _closed_as(case.state, is_edited=is_edited)
                await close_reviews(
                    connection, case.id, state, entry.at, entry.user_id, values["note"]
                )
                await add_entry(connection, entry, self._redact)
        return True

    async def alike(
        self, structure: Structure, workspace: str, at: datetime, limit: int = 20, skip: int = 0
    ) -> Sequence[KnownCase]:
        row = ResolvedCaseRow
        statement = (
            select(row)
            .where(
                row.state == CaseState.APPROVED.value,
                true() if not workspace else row.workspace == workspace,
                or_(row.expires_at.is_(None), row.expires_at > at),
                is_alike(structure),
            )
            # False comes before true.
            .order_by(
                row.fingerprint != structure.fingerprint,
                row.dag_id != structure.dag_id,
                row.approved_at.desc(),
                row.id,
            )
            .limit(limit)
            .offset(skip)
        )
        return [one for one in await self._known(statement) if not one.record.is_bad]

    async def served_in(self, turn_id: str) -> Sequence[str]:
        row = CaseEventRow
        shown = select(row.case_id).where(row.turn_id == turn_id).distinct().order_by(row.case_id)
        with store_errors("Looking for cases that were shown"):
            async with self._engine.connect() as connection:
                return list((await connection.scalars(shown)).all())

    async def record(self, case_id: str) -> CaseRecord:
        with store_errors("Reading how a case fared"):
            async with self._engine.connect() as connection:
                return (await records_of(connection, [case_id]))[case_id]

    async def retire(self, case_ids: Sequence[str], entry: AuditEntry) -> int:
        return await self._end(
            CaseState.RETIRED,
            and_(
                ResolvedCaseRow.id.in_(case_ids),
                ResolvedCaseRow.state.in_([state.value for state in _IN_USE]),
            ),
            entry,
        )

    async def expire(self, now: datetime) -> int:
        row = ResolvedCaseRow
        over = and_(row.expires_at <= now, row.state.in_([state.value for state in _IN_USE]))
        return await self._end(CaseState.EXPIRED, over, None)

    async def _end(
        self, state: CaseState, which: ColumnElement[bool], entry: AuditEntry | None
    ) -> int:
        row = ResolvedCaseRow
        now = self._clock()
        values = {"state": state.value, "changed_at": now}
        with store_errors("Ending resolved cases"):
            async with writing(self._engine) as connection:
                ended = update(row).where(which).values(values).returning(row.id)
                ids = (await connection.scalars(ended)).all()
                by = entry.user_id if entry is not None else ""
                for case_id in ids:
                    await close_reviews(connection, case_id, ReviewState.REJECTED, now, by)
                if ids and entry is not None:
                    await add_entry(connection, entry, self._redact)
        return len(ids)

    async def _known(self, statement: Select[ResolvedCaseRow]) -> list[KnownCase]:
        with store_errors("Reading resolved cases"):
            async with self._sessions() as session:
                rows = (await session.scalars(statement)).all()
                records = await records_of(await session.connection(), [one.id for one in rows])
        return [KnownCase(case_of(row), records[row.id]) for row in rows]


async def _corrected(connection: AsyncConnection, values: Mapping[str, Any], now: datetime) -> bool:
    """Takes the newer words of what was approved, which have to be looked at."""
    row = ResolvedCaseRow
    approved = select(row.__table__).where(
        row.id == values["id"],
        row.state == CaseState.APPROVED.value,
        row.confirmed_at < values["confirmed_at"],
    )
    before = (await connection.execute(approved.with_for_update())).first()
    if before is None:
        return False
    await dispute(connection, before, "", now)
    newer = {**values, "state": CaseState.DISPUTED.value, "note": _CORRECTED}
    await connection.execute(update(row).where(row.id == before.id).values(newer))
    return True


async def _put_sources(
    connection: AsyncConnection, case_id: str, sources: Sequence[CaseSource]
) -> None:
    await connection.execute(delete(CaseSourceRow).where(CaseSourceRow.case_id == case_id))
    rows = [
        {
            "case_id": case_id,
            "workspace": one.workspace,
            "channel": one.channel,
            "ts": one.ts,
            "user_id": one.user_id,
        }
        for one in dict.fromkeys(sources)
    ]
    if rows:
        await connection.execute(insert(CaseSourceRow), rows)


def _review_of(case: ResolvedCase, problem: str, now: datetime) -> ReviewItem:
    return ReviewItem(
        id=f"{ReviewKind.CASE.value}:{case.id}",
        kind=ReviewKind.CASE,
        subject=case.id,
        title=title_of(problem),
        opened_at=now,
        workspace=case.workspace,
    )


def _closed_as(state: CaseState, *, is_edited: bool) -> ReviewState:
    if state is not CaseState.APPROVED:
        return ReviewState.REJECTED
    return ReviewState.EDITED if is_edited else ReviewState.APPROVED
