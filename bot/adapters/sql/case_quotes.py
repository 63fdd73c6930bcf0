"""Takes the words of cases out of the answers in which they were shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.case_tables import CaseEventRow
from bot.adapters.sql.codec import decode_reply, encode
from bot.adapters.sql.tables import TurnRow
from bot.answering.prompts.cases import CASE_SOURCE
from bot.domain.answers import Claim, Diagnosis


async def take_out(connection: AsyncConnection, case_ids: Collection[str]) -> Sequence[str]:
    """Returns the ids of these turns. Within the caller's transaction, which writes."""
    shown = select(CaseEventRow.turn_id).where(CaseEventRow.case_id.in_(case_ids))
    row, taken = TurnRow, list[str]()
    turns = select(row.id, row.reply_kind, row.reply, row.format).where(row.id.in_(shown))
    for found in (await connection.execute(turns)).all():
        what = f"The reply of turn {found.id}"
        reply = decode_reply(found.reply_kind, found.reply, found.format, what)
        if not isinstance(reply, Diagnosis):
            continue
        without = encode(_without(reply, case_ids)).decode()
        await connection.execute(update(row).where(row.id == found.id).values(reply=without))
        taken.append(found.id)
    return taken


def _without(diagnosis: Diagnosis, case_ids: Collection[str]) -> Diagnosis:
    """A model that was told of a case may have said so wherever it cites one."""
    passages = [one for one in diagnosis.passages if one.source == CASE_SOURCE]
    cited = {one.id for one in passages}

    def kept(claims: Sequence[Claim]) -> tuple[Claim, ...]:
        return tuple(one for one in claims if cited.isdisjoint(one.cites))

    explanation = diagnosis.explanation
    return replace(
        diagnosis,
        solved=tuple(one for one in diagnosis.solved if one.case_id not in case_ids),
        passages=tuple(one for one in diagnosis.passages if one.id not in cited),
        explanation=replace(
            explanation,
            claims=kept(explanation.claims),
            next_steps=kept(explanation.next_steps),
        ),
    )
