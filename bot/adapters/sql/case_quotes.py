"""Keeps the words of cases out of answers once they are not to be shown any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.case_tables import CaseEventRow, ResolvedCaseRow
from bot.adapters.sql.codec import decode_reply, encode
from bot.adapters.sql.tables import TurnRow
from bot.answering.told_cases import cases_in, without_cases
from bot.domain.answers import Diagnosis, Reply
from bot.domain.resolved_cases import CaseState


async def no_more_shown(connection: AsyncConnection, reply: Reply) -> list[str]:
    """The ids of the cases in it that are gone or not approved any more. The others stay as they
    are until the caller's transaction ends, which writes."""
    if not (told := cases_in(reply)):
        return []
    row = ResolvedCaseRow
    stand = select(row.id).where(row.id.in_(told), row.state == CaseState.APPROVED.value)
    locked = stand.order_by(row.id).with_for_update(read=True)
    approved = set((await connection.scalars(locked)).all())
    return [one for one in told if one not in approved]


async def take_out(connection: AsyncConnection, case_ids: Collection[str]) -> Sequence[str]:
    """Out of the answers in which they were shown; returns the ids of these turns. Within the
    caller's transaction, which writes."""
    # Whoever keeps an answer with one of them just now is waited for, and found then.
    case = ResolvedCaseRow
    locked = select(case.id).where(case.id.in_(case_ids)).order_by(case.id).with_for_update()
    await connection.execute(locked)
    shown = select(CaseEventRow.turn_id).where(CaseEventRow.case_id.in_(case_ids))
    row, taken = TurnRow, list[str]()
    turns = select(row.id, row.reply_kind, row.reply, row.format).where(row.id.in_(shown))
    for found in (await connection.execute(turns)).all():
        what = f"The reply of turn {found.id}"
        reply = decode_reply(found.reply_kind, found.reply, found.format, what)
        if not isinstance(reply, Diagnosis):
            continue
        without = encode(without_cases(reply, case_ids)).decode()
        await connection.execute(update(row).where(row.id == found.id).values(reply=without))
        taken.append(found.id)
    return taken
