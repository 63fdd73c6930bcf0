"""The port `PersonRecords`: what the tables hold of one person, and how they lose it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Table, and_, delete, event, or_, select, union, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.audit import add_entry
from bot.adapters.sql.case_sources import erase_cases_of_person
from bot.adapters.sql.case_tables import ResolvedCaseRow, ReviewItemRow
from bot.adapters.sql.codec import decode, encode
from bot.adapters.sql.console_tables import WORDS_TABLE, ConsoleGrantRow, ConsoleSessionRow
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.escalation_erasing import silence_truths
from bot.adapters.sql.escalation_tables import (
    EscalationDeedRow,
    EscalationPartyRow,
    EscalationRow,
)
from bot.adapters.sql.person_traces import (
    PREFERENCES,
    Found,
    found_in,
    naming,
    tables,
    traces,
)
from bot.adapters.sql.preference_tables import PreferenceRow
from bot.adapters.sql.runbook_draft_tables import RunbookDraftRow
from bot.adapters.sql.runbook_drafts import erase_drafts, of_person
from bot.adapters.sql.tables import InboxRow, PostRow, RatingRow, TurnRow
from bot.domain.audit import AuditEntry
from bot.domain.escalations import Deed, Escalation, State
from bot.domain.privacy import OwnPost, Person, Trace, holding

_DIGIT = "1"  # with which every ts of Slack begins; others say what became of it
_COLONS = 2  # in the key of a message: workspace, channel, ts
_TOGETHER = 50  # conditions in one statement
_OPEN = [state.value for state in State if not state.is_over]
# What goes with whoever it is about. Of all other rows only the name goes.
_DELETED: tuple[type[Any], ...] = (RatingRow, InboxRow, ConsoleSessionRow, ConsoleGrantRow)


class SqlPersonRecords:
    """The engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def workspaces(self, user_id: str) -> Sequence[str]:
        named = [
            select(table.c.workspace).where(or_(*(one == user_id for one in naming(table))))
            for table in tables()
            if "workspace" in table.c and naming(table)
        ]
        with store_errors("Looking for a person"):
            async with self._engine.connect() as connection:
                found = await connection.scalars(union(*named))
                return sorted(one for one in found if one)

    async def traces(self, person: Person) -> Sequence[Trace]:
        with store_errors("Looking for what is kept of a person"):
            async with self._engine.connect() as connection:
                await _take_time(connection)
                return await traces(connection, person)

    async def held(self, person: Person) -> Sequence[str]:
        row = EscalationRow
        waiting = select(row.id, row.body, row.format).where(
            row.state.in_(_OPEN), row.body.contains(person.user_id, autoescape=True)
        )
        with store_errors("Looking for escalations of a person"):
            async with self._engine.connect() as connection:
                found = (await connection.execute(waiting)).all()
        read = [decode(Escalation, body, form, f"Escalation {id_}") for id_, body, form in found]
        return sorted(one.id for one in read if one.responder == person.user_id)

    async def messages(self, person: Person) -> Sequence[str]:
        asked = select(TurnRow.id).where(
            TurnRow.workspace == person.workspace, TurnRow.user_id == person.user_id
        )
        taken = select(InboxRow.key).where(
            InboxRow.workspace == person.workspace, InboxRow.user_id == person.user_id
        )
        with store_errors("Looking for what somebody asked"):
            async with self._engine.connect() as connection:
                turns = (await connection.scalars(asked)).all()
                keys = (await connection.scalars(taken)).all()
        # Of what was taken on, messages alone: presses are about what others said as well.
        return sorted({*turns, *(key for key in keys if key.count(":") == _COLONS)})

    async def posts(self, messages: Sequence[str]) -> Sequence[OwnPost]:
        row, found = PostRow, dict[str, OwnPost]()
        with store_errors("Looking for answers to somebody"):
            async with self._engine.connect() as connection:
                for begin in range(0, len(messages), _TOGETHER):
                    some = messages[begin : begin + _TOGETHER]
                    named = or_(*(row.key.contains(one, autoescape=True) for one in some))
                    stands = row.ts.is_(None) | row.ts.startswith(_DIGIT)
                    rows = select(row.key, row.channel, row.thread).where(named, stands)
                    for key, channel, thread in await connection.execute(rows):
                        found[key] = OwnPost(key, channel, thread)
        return [one for one in found.values() if one.channel]

    async def erase(self, person: Person, entry: AuditEntry) -> Sequence[str]:
        with store_errors("Erasing what is kept of a person"):
            async with writing(self._engine) as connection:
                await _take_time(connection)
                await _erase_words(connection, person)
                taken = await erase_cases_of_person(connection, person.workspace, person.user_id)
                await erase_drafts(connection, of_person(person.workspace, person.user_id))
                for kind in _DELETED:
                    await _delete(connection, kind.__table__, person)
                await _leave_wish(connection, person)
            for table in tables():
                if table.name != PREFERENCES:
                    async with writing(self._engine) as connection:
                        await _take_time(connection)
                        await _rename(connection, table, person)
            async with writing(self._engine) as connection:
                await add_entry(connection, entry)
        return taken


@asynccontextmanager
async def overwriting(engine: AsyncEngine) -> AsyncIterator[None]:
    """While it lasts, a SQLite file loses the bytes of what is deleted; after it the index of words
    and the journal beside the file do as well. PostgreSQL does that by itself, with its vacuum."""
    if engine.dialect.name != "sqlite":
        yield
        return
    await engine.dispose()  # connections that are open already would not
    event.listen(engine.sync_engine, "connect", _overwrite)
    yield
    merged = f"INSERT INTO {WORDS_TABLE}({WORDS_TABLE}) VALUES ('optimize')"  # noqa: S608 -- ours
    with store_errors("Emptying the journal of the database"):
        async with writing(engine) as connection:
            await connection.exec_driver_sql(merged)
        async with engine.connect() as connection:
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


async def _take_time(connection: AsyncConnection) -> None:
    """Until the transaction ends: no index tells in which texts somebody is named."""
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def _overwrite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


async def _erase_words(connection: AsyncConnection, person: Person) -> None:
    """What they wrote where others' work goes on: the work stays, without their words."""
    who = person.user_id
    party, item, case = EscalationPartyRow, ReviewItemRow, ResolvedCaseRow
    alone = (party.workspace == person.workspace, party.thread == f"@{who}")
    await connection.execute(delete(party).where(*alone))
    await silence_truths(connection, who)
    decided = update(item).where(item.workspace == person.workspace, item.decided_by == who)
    await connection.execute(decided.values(note=""))
    approved = update(case).where(case.workspace == person.workspace, case.approved_by == who)
    await connection.execute(approved.values(note=""))
    draft = RunbookDraftRow
    await connection.execute(update(draft).where(draft.decided_by == who).values(note=""))
    await _unsay(connection, who)


async def _unsay(connection: AsyncConnection, who: str) -> None:
    """Takes their words out of what was done about escalations."""
    row = EscalationDeedRow
    theirs = select(row.escalation_id, row.number, row.body, row.format).where(
        row.body.contains(who, autoescape=True)
    )
    for escalation, number, body, version in (await connection.execute(theirs)).all():
        deed = decode(Deed, body, version, f"A deed of {escalation}")
        if deed.by == who and deed.words:
            silent = encode(replace(deed, words="")).decode()
            here = update(row).where(row.escalation_id == escalation, row.number == number)
            await connection.execute(here.values(body=silent))


async def _leave_wish(connection: AsyncConnection, person: Person) -> None:
    row = PreferenceRow
    theirs = (row.workspace == person.workspace, row.user_id == person.user_id)
    await connection.execute(delete(row).where(*theirs, row.keeps_conversations))
    await connection.execute(update(row).where(*theirs).values(patterns=""))


async def _delete(connection: AsyncConnection, table: Table, person: Person) -> None:
    async for row in found_in(connection, table, person):
        await connection.execute(delete(table).where(_is(table, row)))


async def _rename(connection: AsyncConnection, table: Table, person: Person) -> None:
    """Puts the pseudonym in place of the person; a row that there is already goes instead."""
    pattern = holding(person)
    async for row in found_in(connection, table, person):
        values = {name: pattern.sub(person.pseudonym, text) for name, text in row.texts.items()}
        try:
            async with connection.begin_nested():
                await connection.execute(update(table).where(_is(table, row)).values(values))
        except IntegrityError:
            await connection.execute(delete(table).where(_is(table, row)))


def _is(table: Table, row: Found) -> Any:
    return and_(*(c == value for c, value in zip(table.primary_key.columns, row.key, strict=True)))
