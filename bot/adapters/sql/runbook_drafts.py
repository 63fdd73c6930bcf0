"""Drafts of runbooks in a database: kept together with the work that offers them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.audit import add_entry
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.runbook_draft_tables import RunbookDraftRow, RunbookDraftSourceRow
from bot.adapters.sql.statements import insert_into
from bot.domain.audit import AuditEntry
from bot.domain.runbook_drafts import (
    DraftOrigin,
    DraftSource,
    DraftState,
    RunbookDraft,
    offered_job,
)
from bot.domain.work import Job

Enqueue = Callable[[Connection, Job], None]


def nothing_to_do(connection: Connection, job: Job) -> None:
    """For whoever only looks and decides: offering is left to the bot."""


class SqlRunbookDrafts:
    """The port `RunbookDrafts`; the engine belongs to the caller. Texts pass through `redact`."""

    def __init__(
        self,
        engine: AsyncEngine,
        enqueue: Enqueue = nothing_to_do,
        *,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._engine = engine
        self._enqueue = enqueue
        self._redact = redact

    async def put(self, draft: RunbookDraft, *, offers: bool) -> RunbookDraft:
        row = RunbookDraftRow
        draft = replace(draft, text=self._redact(draft.text), title=self._redact(draft.title))
        with store_errors("Keeping a draft of a runbook"):
            async with writing(self._engine) as connection:
                kept = insert_into(connection, row).values(_values(draft))
                new = kept.on_conflict_do_nothing().returning(row.id)
                if (await connection.execute(new)).first() is None:
                    before = await _draft(connection, row.fingerprint == draft.fingerprint)
                    if before is None or not _gives_way(before, draft):
                        return before or draft
                    draft = replace(draft, id=before.id, version=before.version + 1)
                    draft = replace(draft, count=max(draft.count, before.count))
                    changed = update(row).where(row.id == draft.id).values(_values(draft))
                    await connection.execute(changed)
                await _put_sources(connection, draft)
                if offers:
                    await connection.run_sync(self._enqueue, offered_job(draft))
        return draft

    async def counted(self, fingerprint: str, count: int) -> bool:
        row = RunbookDraftRow
        with store_errors("Counting an unknown failure"):
            async with writing(self._engine) as connection:
                more = update(row).where(row.fingerprint == fingerprint, row.count < count)
                await connection.execute(more.values(count=count))
                known = select(row.id).where(row.fingerprint == fingerprint)
                return (await connection.execute(known)).first() is not None

    async def get(self, draft_id: str) -> RunbookDraft | None:
        with store_errors("Looking up a draft of a runbook"):
            async with self._engine.connect() as connection:
                return await _draft(connection, RunbookDraftRow.id == draft_id)

    async def page(
        self, states: Collection[DraftState] = (), limit: int = 50, offset: int = 0
    ) -> Sequence[RunbookDraft]:
        row = RunbookDraftRow
        wanted = select(row).order_by(row.made_at.desc(), row.id).limit(limit).offset(offset)
        if states:
            wanted = wanted.where(row.state.in_([one.value for one in states]))
        with store_errors("Looking up drafts of runbooks"):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(wanted)).all()
        return [_of(one, ()) for one in rows]

    async def decide(self, draft: RunbookDraft, entry: AuditEntry) -> bool:
        row = RunbookDraftRow
        decided = (
            update(row)
            .where(
                row.id == draft.id,
                row.state == DraftState.PROPOSED.value,
                row.version == draft.version,
            )
            .values(_values(draft))
        )
        with store_errors("Deciding about a draft of a runbook"):
            async with writing(self._engine) as connection:
                if (await connection.execute(decided)).rowcount == 0:
                    return False
                await add_entry(connection, entry, self._redact)
        return True


async def erase_drafts(connection: AsyncConnection, rests: ColumnElement[bool]) -> None:
    """Those that rest on such a source, by columns of `RunbookDraftSourceRow`: an open one is made
    anew of what is left, of a decided one the decision stays. Within the caller's transaction."""
    row, source = RunbookDraftRow, RunbookDraftSourceRow
    theirs = row.id.in_(select(source.draft_id).where(rests))
    is_open = row.state == DraftState.PROPOSED.value
    await connection.execute(delete(row).where(theirs, is_open))
    await connection.execute(update(row).where(theirs).values(text="", title="", faults="[]"))
    await connection.execute(delete(source).where(rests))


def resting_on(fragments: Sequence[str]) -> ColumnElement[bool]:
    """Sources that are turns whose ids hold one of these."""
    column = RunbookDraftSourceRow.turn_id
    return or_(*(column.contains(one, autoescape=True) for one in fragments))


def of_person(workspace: str, user_id: str) -> ColumnElement[bool]:
    """Sources that are this person's."""
    source = RunbookDraftSourceRow
    return (source.workspace == workspace) & (source.user_id == user_id)


def of_channel(workspace: str, channel: str, until: str) -> ColumnElement[bool]:
    """Sources that are turns which were asked there up to then, a ts."""
    place, column = f"{workspace}:{channel}:", RunbookDraftSourceRow.turn_id
    ts = func.substr(column, len(place) + 1, len(until))
    return column.startswith(place, autoescape=True) & (ts <= until)


def of_workspace(workspace: str) -> ColumnElement[bool]:
    return RunbookDraftSourceRow.workspace == workspace


def _gives_way(before: RunbookDraft, draft: RunbookDraft) -> bool:
    if before.state is not DraftState.PROPOSED or before.text == draft.text:
        return False
    return draft.origin is DraftOrigin.RESOLVED


async def _draft(connection: AsyncConnection, where: ColumnElement[bool]) -> RunbookDraft | None:
    source = RunbookDraftSourceRow
    found = (await connection.execute(select(RunbookDraftRow).where(where))).first()
    if found is None:
        return None
    rests = select(source).where(source.draft_id == found.id).order_by(source.turn_id)
    sources = (await connection.execute(rests)).all()
    return _of(found, [DraftSource(one.workspace, one.user_id, one.turn_id) for one in sources])


async def _put_sources(connection: AsyncConnection, draft: RunbookDraft) -> None:
    source = RunbookDraftSourceRow
    await connection.execute(delete(source).where(source.draft_id == draft.id))
    for one in dict.fromkeys(draft.sources):
        values = {"workspace": one.workspace, "user_id": one.user_id, "turn_id": one.turn_id}
        await connection.execute(insert(source).values({"draft_id": draft.id, **values}))


def _values(draft: RunbookDraft) -> dict[str, Any]:
    return {
        "id": draft.id,
        "fingerprint": draft.fingerprint,
        "origin": draft.origin.value,
        "state": draft.state.value,
        "title": draft.title,
        "file": draft.file,
        "text": draft.text,
        "count": draft.count,
        "made_at": draft.made_at,
        "faults": json.dumps(draft.faults),
        "version": draft.version,
        "decided_by": draft.decided_by,
        "decided_at": draft.decided_at,
        "note": draft.note,
    }


def _of(row: Any, sources: Sequence[DraftSource]) -> RunbookDraft:
    return RunbookDraft(
        id=row.id,
        fingerprint=row.fingerprint,
        origin=DraftOrigin(row.origin),
        state=DraftState(row.state),
        title=row.title,
        file=row.file,
        text=row.text,
        count=row.count,
        made_at=row.made_at,
        faults=tuple(json.loads(row.faults)),
        sources=tuple(sources),
        version=row.version,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        note=row.note,
    )
