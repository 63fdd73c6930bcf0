"""What is known of escalations, read page by page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.codec import decode
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.escalation_tables import (
    EscalationDeedRow,
    EscalationPartyRow,
    EscalationReachRow,
    EscalationRow,
    OccurrenceRow,
    TruthRow,
)
from bot.adapters.sql.statements import insert_into, is_thread
from bot.domain.escalation_rules import Occurrence
from bot.domain.escalations import (
    Deed,
    Escalation,
    Party,
    ReachCount,
    State,
    Touched,
    Truth,
    WasRight,
)
from bot.domain.questions import ThreadKey
from bot.services.escalation_ports import BridgedThread, Card, Concern, DeedDone

_NAMED = 5  # things that an incident reaches, of each kind
_OCCURRENCES = 500
_ACTIVE = 500
_OVER = [state.value for state in State if state.is_over]


class EscalationReads:
    """The part of the port `Escalations` that changes no escalation."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    async def get(self, escalation_id: str) -> Escalation | None:
        rows = await self._rows(select(EscalationRow).where(EscalationRow.id == escalation_id))
        return escalation_in(rows[0]) if rows else None

    async def list(
        self, states: Collection[State] = (), limit: int = 50, offset: int = 0
    ) -> Sequence[Escalation]:
        row = EscalationRow
        statement = select(row).order_by(row.opened_at.desc(), row.id).limit(limit).offset(offset)
        if states:
            statement = statement.where(row.state.in_([state.value for state in states]))
        return [escalation_in(one) for one in await self._rows(statement)]

    async def of_incident(self, incident: str) -> Escalation | None:
        rows = await self._rows(select(EscalationRow).where(EscalationRow.open_key == incident))
        return escalation_in(rows[0]) if rows else None

    async def of_thread(
        self, thread: ThreadKey, *, over: bool | None = False
    ) -> Sequence[Escalation]:
        row = EscalationRow
        parties = select(EscalationPartyRow.escalation_id).where(
            *is_thread(EscalationPartyRow, thread)
        )
        is_card = (row.card_channel == thread.channel) & (row.card_ts == thread.thread)
        statement = (
            select(row).where(or_(row.id.in_(parties), is_card)).order_by(row.opened_at.desc())
        )
        if over is not None:
            statement = statement.where(is_over() if over else ~is_over())
        return [escalation_in(one) for one in await self._rows(statement)]

    async def bridged(
        self, over_since: datetime | None = None, limit: int = 200
    ) -> Sequence[BridgedThread]:
        row, party, deed = EscalationRow, EscalationPartyRow, EscalationDeedRow
        is_meant = ~is_over()
        if over_since is not None:
            is_meant = or_(is_meant, row.changed_at >= over_since)
        cards = (
            select(row.card_channel, row.card_ts, row.opened_at, is_over())
            .where(is_meant, row.card_ts.is_not(None))
            .order_by(row.opened_at.desc())
            .limit(limit)
        )
        joined = (
            select(party.channel, party.thread, deed.body, deed.format, is_over(), party.workspace)
            .join(row, row.id == party.escalation_id)
            .join(
                deed,
                (deed.escalation_id == party.escalation_id) & (deed.number == party.number),
            )
            .where(is_meant, party.channel != "")
            .order_by(row.opened_at.desc(), party.number)
            .limit(limit)
        )
        found = [
            BridgedThread(channel, ts, at, bool(over))
            for channel, ts, at, over in await self._rows(cards)
        ]
        for channel, thread, body, stored, over, workspace in await self._rows(joined):
            at = decode(Deed, body, stored, "A deed").at
            found.append(BridgedThread(channel, thread, at, bool(over), workspace))
        return found

    async def parties(
        self, escalation_id: str, limit: int = 100, offset: int = 0
    ) -> Sequence[Party]:
        row = EscalationPartyRow
        statement = (
            select(row)
            .where(row.escalation_id == escalation_id)
            .order_by(row.number, row.channel, row.thread)
            .limit(limit)
            .offset(offset)
        )
        return [party_in(one) for one in await self._rows(statement)]

    async def party_count(self, escalation_id: str) -> int:
        row = EscalationPartyRow
        which = select(func.count()).select_from(row).where(row.escalation_id == escalation_id)
        return int((await self._rows(which))[0][0])

    async def party(self, escalation_id: str, thread: ThreadKey) -> Party | None:
        row = EscalationPartyRow
        which = select(row).where(row.escalation_id == escalation_id, *is_thread(row, thread))
        rows = await self._rows(which)
        return party_in(rows[0]) if rows else None

    async def concerning(self, workspace: str, user_id: str) -> Sequence[Concern]:
        row, party = EscalationRow, EscalationPartyRow
        theirs = (
            select(party)
            .join(row, row.id == party.escalation_id)
            .where(party.workspace == workspace, party.user_id == user_id, ~is_over())
            .order_by(party.number)
        )
        active = select(row).where(~is_over()).order_by(row.opened_at.desc()).limit(_ACTIVE)
        asked = {one.escalation_id: party_in(one) for one in await self._rows(theirs)}
        found = []
        for one in await self._rows(active):
            escalation, party_there = escalation_in(one), asked.get(one.id)
            card = ThreadKey("", one.card_channel, one.card_ts) if one.card_ts else None
            if party_there is not None:
                thread = None if party_there.is_alone else party_there.thread
                found.append(Concern(escalation, thread))
            elif escalation.responder == user_id:
                found.append(Concern(escalation, card))
        return found

    async def deeds(
        self, escalation_id: str, limit: int = 100, offset: int = 0
    ) -> Sequence[DeedDone]:
        row = EscalationDeedRow
        statement = (
            select(row)
            .where(row.escalation_id == escalation_id)
            .order_by(row.number)
            .limit(limit)
            .offset(offset)
        )
        return [
            DeedDone(one.number, decode(Deed, one.body, one.format, "A deed"))
            for one in await self._rows(statement)
        ]

    async def reach(self, escalation_id: str) -> tuple[ReachCount, ...]:
        found = []
        for kind in Touched:
            row = EscalationReachRow
            which = (row.escalation_id == escalation_id, row.kind == kind.value)
            counted = await self._rows(select(func.count()).select_from(row).where(*which))
            if counted[0][0]:
                first = select(row.name).where(*which).order_by(row.name).limit(_NAMED)
                names = tuple(one.name for one in await self._rows(first))
                found.append(ReachCount(kind, counted[0][0], names))
        return tuple(found)

    async def truth(self, escalation_id: str) -> Truth | None:
        rows = await self._rows(select(TruthRow).where(TruthRow.escalation_id == escalation_id))
        if not rows:
            return None
        row = rows[0]
        return Truth(
            escalation=row.escalation_id,
            by=row.user_id,
            at=row.at,
            was_wrong=row.was_wrong,
            fixed_by=row.fixed_by,
            bot=WasRight(row.bot),
            cause=row.cause,
        )

    async def card(self, escalation_id: str) -> Card | None:
        row = EscalationRow
        rows = await self._rows(
            select(row.card_channel, row.card_ts).where(row.id == escalation_id)
        )
        if not rows or rows[0].card_ts is None:
            return None
        return Card(rows[0].card_channel, rows[0].card_ts)

    async def occurred(
        self, incident: str, key: str, occurrence: Occurrence, window: timedelta
    ) -> Sequence[Occurrence]:
        row = OccurrenceRow
        values = {
            "incident": incident,
            "key": key,
            "at": occurrence.at,
            "dag": occurrence.dag,
            "task": occurrence.task,
            "host": occurrence.host,
        }
        recent = (
            select(row)
            .where(row.incident == incident, row.at >= self._clock() - window)
            .order_by(row.at.desc())
            .limit(_OCCURRENCES)
        )
        with store_errors("Counting failures of an incident"):
            async with writing(self._engine) as connection:
                kept = insert_into(connection, row).values(values).on_conflict_do_nothing()
                await connection.execute(kept)
                rows = (await connection.execute(recent)).all()
        return [Occurrence(one.at, one.dag, one.task, one.host) for one in rows]

    async def _rows(self, statement: Any) -> Sequence[Any]:
        with store_errors("Looking up escalations"):
            async with self._engine.connect() as connection:
                return (await connection.execute(statement)).all()


def is_over() -> ColumnElement[bool]:
    return EscalationRow.state.in_(_OVER)


def party_in(row: Any) -> Party:
    thread = ThreadKey(row.workspace, row.channel, row.thread)
    return Party(thread, row.user_id, row.message, row.turn_id)


def escalation_in(row: Any) -> Escalation:
    """Raises `StoreError` where another version wrote it."""
    return decode(Escalation, row.body, row.format, "An escalation")
