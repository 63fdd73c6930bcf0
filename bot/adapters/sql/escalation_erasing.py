"""Takes what somebody asked out of what is kept of escalations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.codec import encode
from bot.adapters.sql.escalation_reads import escalation_in
from bot.adapters.sql.escalation_tables import EscalationPartyRow, EscalationRow, TruthRow
from bot.domain.escalations import Escalation


async def silence_truths(connection: AsyncConnection, user_id: str) -> None:
    """What somebody said was wrong, and what fixed it, goes; that they said so stays. Within the
    caller's transaction, which writes."""
    theirs = update(TruthRow).where(TruthRow.user_id == user_id)
    await connection.execute(theirs.values(was_wrong="", fixed_by=""))


async def erase_questions(connection: AsyncConnection, fragments: Sequence[str]) -> None:
    """Of escalations that were opened by messages or turns whose ids hold one of these. Whoever is
    on it still sees what it is about. Within the caller's transaction, which writes."""
    row, party = EscalationRow, EscalationPartyRow
    named = or_(
        *(
            column.contains(one, autoescape=True)
            for column in (party.turn_id, party.message)
            for one in fragments
        )
    )
    joined = row.id.in_(select(party.escalation_id).where(named))
    asked = select(row.id, row.body, row.format).where(joined)
    for found in (await connection.execute(asked.with_for_update())).all():
        escalation = escalation_in(found)
        if not escalation.subject.question or not await _is_of(connection, escalation, fragments):
            continue
        subject = replace(escalation.subject, question="")
        body = encode(replace(escalation, subject=subject)).decode()
        await connection.execute(update(row).where(row.id == found.id).values(body=body))


async def _is_of(
    connection: AsyncConnection, escalation: Escalation, fragments: Sequence[str]
) -> bool:
    """Whether its words are theirs: others may have joined it since."""
    party, turn_id = EscalationPartyRow, escalation.subject.turn_id
    first = (
        select(party.message, party.turn_id)
        .where(party.escalation_id == escalation.id)
        .order_by(party.number)
        .limit(1)
    )
    asked = (await connection.execute(first)).first()
    said = [turn_id] if turn_id else [*asked] if asked else []
    return any(one in each for one in fragments for each in said)
