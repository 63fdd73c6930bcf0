"""Takes the name of somebody who asked out of what is kept of escalations."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.codec import decode, encode
from bot.adapters.sql.escalation_tables import (
    EscalationDeedRow,
    EscalationPartyRow,
    EscalationRow,
)
from bot.domain.escalations import ASKING, Deed, State

_OVER = [state.value for state in State if state.is_over]


async def take_name(connection: AsyncConnection, workspace: str, user_id: str) -> None:
    """Within the caller's transaction, which writes. Whoever is told in private of one that is open
    stays until it is over: there would be nobody to tell."""
    row, party = EscalationRow, EscalationPartyRow
    theirs = (party.workspace == workspace, party.user_id == user_id)
    asked = set((await connection.scalars(select(party.escalation_id).where(*theirs))).all())
    if not asked:
        return
    await _out_of_deeds(connection, asked, user_id)
    over = party.escalation_id.in_(select(row.id).where(row.state.in_(_OVER)))
    is_private = party.channel.startswith("D") | (party.channel == "")
    # One without a channel was never opened, and has no other name than theirs.
    await connection.execute(delete(party).where(*theirs, over, party.channel == ""))
    shown = update(party).where(*theirs, over | ~is_private)
    await connection.execute(shown.values(user_id=""))


async def _out_of_deeds(connection: AsyncConnection, of: set[str], user_id: str) -> None:
    row = EscalationDeedRow
    named = select(row.escalation_id, row.number, row.body, row.format).where(
        row.escalation_id.in_(of), row.body.contains(user_id, autoescape=True)
    )
    for found in (await connection.execute(named)).all():
        deed = decode(Deed, found.body, found.format, "A deed")
        if deed.kind in ASKING and deed.by == user_id:
            which = (row.escalation_id == found.escalation_id, row.number == found.number)
            body = encode(replace(deed, by="")).decode()
            await connection.execute(update(row).where(*which).values(body=body))
