"""Escalations in the database: each change in one transaction with the work it brings about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.codec import FORMAT, encode
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.escalation_names import take_name
from bot.adapters.sql.escalation_reads import EscalationReads, escalation_in, party_in
from bot.adapters.sql.escalation_tables import (
    EscalationDeedRow,
    EscalationPartyRow,
    EscalationReachRow,
    EscalationRow,
    OccurrenceRow,
    TruthRow,
)
from bot.adapters.sql.statements import delete_before, insert_into, is_thread
from bot.domain.errors import StoreError
from bot.domain.escalation_course import Advanced, Refused, advance, opened
from bot.domain.escalation_policy import Policy, due
from bot.domain.escalation_work import count_job, due_job, party_job, told_job
from bot.domain.escalations import (
    Call,
    Deed,
    Escalation,
    Kind,
    State,
    Truth,
    id_of,
)
from bot.domain.questions import ThreadKey
from bot.domain.work import Job
from bot.services.escalation_ports import Called, Card

Enqueue = Callable[[Connection, Job], None]
_TRIES = 20
_TOLD_LATER = frozenset({Kind.JOINED})
_OVER = [state.value for state in State if state.is_over]


class SqlEscalations(EscalationReads):
    """The port `Escalations`; the engine belongs to the caller.

    A change locks the row of its escalation, so that changes of one come one after the other in
    all replicas. `open_key` is unique: of two replicas that open the same incident one joins.
    `levels` as for `Policy.with_levels`.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        enqueue: Enqueue,
        policy: Policy,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        redact: Callable[[str], str] = str,
        levels: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(engine, clock)
        self._levels = levels
        self._enqueue = enqueue
        self._policy = policy
        self._redact = redact

    async def call(self, call: Call) -> Called:
        with store_errors("Calling a human"):
            async with writing(self._engine) as connection:
                for _ in range(_TRIES):
                    come_to = await self._call(connection, call)
                    if come_to is not None:
                        return come_to
        raise StoreError("An escalation could neither be opened nor joined. Try it again.")

    async def do(
        self, escalation_id: str, deed: Deed, truth: Truth | None = None
    ) -> Advanced | Refused:
        with store_errors("Keeping what was done about an escalation"):
            async with writing(self._engine) as connection:
                row = await _locked(connection, EscalationRow.id == escalation_id)
                if row is None:
                    return Refused("It is no longer known.")
                before = escalation_in(row)
                if await _is_done(connection, deed.key):
                    return Advanced(before)
                come_to = advance(before, deed)
                if isinstance(come_to, Refused):
                    return come_to
                if deed.kind is Kind.REOPENED and await _is_open(connection, before.key):
                    return Refused("Another one is open for the same incident by now.")
                await self._keep(connection, before, come_to.escalation, deed)
                if truth is not None:
                    await _keep_truth(connection, truth)
                return come_to

    async def counted(self, escalation_id: str) -> Escalation | None:
        statement = (
            update(EscalationRow).where(EscalationRow.id == escalation_id).values(is_counting=False)
        )
        with store_errors("Counting the calls of an escalation"):
            async with writing(self._engine) as connection:
                await connection.execute(statement)
                row = await _locked(connection, EscalationRow.id == escalation_id)
        return escalation_in(row) if row is not None else None

    async def put_card(self, escalation_id: str, card: Card) -> None:
        statement = (
            update(EscalationRow)
            .where(EscalationRow.id == escalation_id)
            .values(card_channel=card.channel, card_ts=card.ts)
        )
        with store_errors("Keeping where a card stands"):
            async with writing(self._engine) as connection:
                await connection.execute(statement)

    async def move_party(self, escalation_id: str, of: ThreadKey, to: ThreadKey) -> None:
        row = EscalationPartyRow
        own = row.escalation_id == escalation_id
        there = select(exists().where(own, *is_thread(row, to)))
        moved = {"workspace": to.workspace, "channel": to.channel, "thread": to.thread}
        with store_errors("Keeping where somebody is told"):
            async with writing(self._engine) as connection:
                if await connection.scalar(there):
                    await connection.execute(delete(row).where(own, *is_thread(row, of)))
                else:
                    here = update(row).where(own, *is_thread(row, of))
                    await connection.execute(here.values(moved))

    async def forget(self, fragment: str) -> Sequence[str]:
        deed, party, first = EscalationDeedRow, EscalationPartyRow, 1
        by_words = select(deed.escalation_id).where(
            deed.number == first, deed.key.startswith(fragment, autoescape=True)
        )
        by_button = select(party.escalation_id).where(
            party.number == first, party.turn_id.startswith(fragment, autoescape=True)
        )
        found = [row[0] for row in await self._rows(by_words.union(by_button))]
        for each in found:
            await self.do(each, Deed(f"{each}:forgotten", Kind.FORGOTTEN, self._clock()))
        return found

    async def unname(self, workspace: str, user_id: str) -> None:
        with store_errors("Taking a name out of escalations"):
            async with writing(self._engine) as connection:
                await take_name(connection, workspace, user_id)

    async def tidy(self, before: datetime) -> int:
        row = EscalationRow
        with store_errors("Tidying escalations"):
            async with writing(self._engine) as connection:
                # What was true of a case is worth keeping, with the case.
                known = select(TruthRow.escalation_id)
                gone = delete(row).where(
                    row.state.in_(_OVER), row.changed_at < before, row.id.not_in(known)
                )
                count = (await connection.execute(gone)).rowcount
            await delete_before(self._engine, OccurrenceRow.key, OccurrenceRow.at, before)
        return count

    async def _call(self, connection: AsyncConnection, call: Call) -> Called | None:
        """None where somebody else opened the same incident in this moment."""
        row = await _locked(connection, EscalationRow.open_key == call.incident)
        # With the lock, else another process may keep the same call before it is looked for here.
        known = await _of_deed(connection, call.key)
        if known is not None:
            return Called(known, is_known=True)
        if row is not None and row.joined_at < call.at - self._policy.join_within:
            # It goes its own way: what happens now is another incident.
            alone = update(EscalationRow).where(EscalationRow.id == row.id).values(open_key=None)
            await connection.execute(alone)
            row = None
        if row is None:
            return await self._open(connection, call)
        return await self._join(connection, escalation_in(row), bool(row.is_counting), call)

    async def _open(self, connection: AsyncConnection, call: Call) -> Called | None:
        escalation = opened(call, id_of(call))
        values = {
            **_values(escalation, self._clock(), self._redact),
            "id": escalation.id,
            "open_key": call.incident,
            "key": call.incident,
            "opened_at": escalation.opened_at,
            "is_counting": False,
        }
        statement = insert_into(connection, EscalationRow).values(values).on_conflict_do_nothing()
        if await connection.scalar(statement.returning(EscalationRow.id)) is None:
            return None
        deed = Deed(call.key, Kind.OPENED, call.at, by=call.by)
        await self._add(connection, escalation, deed)
        await self._take_in(connection, escalation, call)
        await self._hand_in(connection, told_job(escalation, deed))
        await self._hand_in_due(connection, escalation)
        return Called(escalation, is_new=True)

    async def _join(
        self, connection: AsyncConnection, before: Escalation, is_counting: bool, call: Call
    ) -> Called | None:
        deed = Deed(call.key, Kind.JOINED, call.at, by=call.by, severity=call.severity)
        come_to = advance(before, deed)
        if isinstance(come_to, Refused):
            raise StoreError(f"The escalation {before.id} is over and open at once. Report this.")
        after = come_to.escalation
        await self._keep(connection, before, after, deed)
        await self._take_in(connection, after, call)
        if call.party is not None:
            # Whoever asked in that thread first is told there already.
            row = EscalationPartyRow
            known = select(row).where(
                row.escalation_id == after.id, *is_thread(row, call.party.thread)
            )
            party = party_in((await connection.execute(known)).one())
            await self._hand_in(connection, party_job(after, deed, party))
        if not is_counting:
            counting = update(EscalationRow).where(EscalationRow.id == after.id)
            await connection.execute(counting.values(is_counting=True))
            await self._hand_in(connection, count_job(after, deed))
        return Called(after)

    async def _keep(
        self, connection: AsyncConnection, before: Escalation, after: Escalation, deed: Deed
    ) -> None:
        values = _values(after, self._clock(), self._redact)
        if after.state.is_over:
            values["open_key"] = None
        elif deed.kind is Kind.REOPENED:
            values["open_key"] = after.key
        statement = update(EscalationRow).where(EscalationRow.id == after.id).values(values)
        await connection.execute(statement)
        await self._add(connection, after, deed)
        if deed.kind not in _TOLD_LATER:
            await self._hand_in(connection, told_job(after, deed))
        if after.moves != before.moves:
            await self._hand_in_due(connection, after)

    async def _add(self, connection: AsyncConnection, after: Escalation, deed: Deed) -> None:
        values = {
            "escalation_id": after.id,
            "number": after.version,
            "key": deed.key,
            "body": encode(deed, self._redact).decode(),
            "format": FORMAT,
        }
        await connection.execute(insert(EscalationDeedRow).values(values))

    async def _take_in(
        self, connection: AsyncConnection, escalation: Escalation, call: Call
    ) -> None:
        reach = sorted({(one.kind.value, one.name) for one in call.reach})
        rows = [{"escalation_id": escalation.id, "kind": k, "name": n} for k, n in reach]
        if rows:
            statement = insert_into(connection, EscalationReachRow).values(rows)
            await connection.execute(statement.on_conflict_do_nothing())
        if call.party is not None:
            thread, told = call.party.thread, call.party.told_of(escalation.id)
            party = {
                "escalation_id": escalation.id,
                "workspace": thread.workspace,
                "channel": thread.channel,
                "thread": thread.thread,
                "user_id": told.user_id,
                "message": told.message,
                "turn_id": told.turn_id,
                "number": escalation.version,
            }
            joined = insert_into(connection, EscalationPartyRow).values(party)
            await connection.execute(joined.on_conflict_do_nothing())

    async def _hand_in_due(self, connection: AsyncConnection, escalation: Escalation) -> None:
        next_due = due(escalation, self._policy.with_levels(self._levels))
        if next_due is not None:
            delay = (next_due.at - self._clock()).total_seconds()
            await self._hand_in(connection, due_job(escalation, delay))

    async def _hand_in(self, connection: AsyncConnection, job: Job) -> None:
        await connection.run_sync(self._enqueue, job)


def _values(escalation: Escalation, now: datetime, redact: Callable[[str], str]) -> dict[str, Any]:
    return {
        "state": escalation.state.value,
        "body": encode(escalation, redact).decode(),
        "format": FORMAT,
        "joined_at": escalation.joined_at,
        "changed_at": now,
    }


async def _locked(connection: AsyncConnection, *which: Any) -> Any:
    """The row, which nobody else changes until the transaction ends."""
    statement = select(EscalationRow).where(*which).with_for_update()
    return (await connection.execute(statement)).first()


async def _is_done(connection: AsyncConnection, key: str) -> bool:
    known = select(exists().where(EscalationDeedRow.key == key))
    return bool(await connection.scalar(known))


async def _is_open(connection: AsyncConnection, incident: str) -> bool:
    known = select(exists().where(EscalationRow.open_key == incident))
    return bool(await connection.scalar(known))


async def _of_deed(connection: AsyncConnection, key: str) -> Escalation | None:
    statement = (
        select(EscalationRow)
        .join(EscalationDeedRow, EscalationDeedRow.escalation_id == EscalationRow.id)
        .where(EscalationDeedRow.key == key)
    )
    row = (await connection.execute(statement)).first()
    return escalation_in(row) if row is not None else None


async def _keep_truth(connection: AsyncConnection, truth: Truth) -> None:
    values = {
        "escalation_id": truth.escalation,
        "user_id": truth.by,
        "at": truth.at,
        "was_wrong": truth.was_wrong,
        "fixed_by": truth.fixed_by,
        "bot": truth.bot.value,
        "cause": truth.cause,
    }
    statement = insert_into(connection, TruthRow).values(values)
    newer = {name: value for name, value in values.items() if name != "escalation_id"}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["escalation_id"], set_=newer)
    )
