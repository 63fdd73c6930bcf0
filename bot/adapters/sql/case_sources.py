"""What resolved cases rest on: whether it is still there, and the end of cases whose is not."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Executable, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.case_quotes import take_out
from bot.adapters.sql.case_tables import CaseEventRow, CaseSourceRow, ResolvedCaseRow
from bot.adapters.sql.gone import alone_in_channel
from bot.adapters.sql.preference_tables import PreferenceRow
from bot.adapters.sql.talk_tables import ChannelMarkRow, MessageMarkRow
from bot.domain.resolved_cases import CaseSource

_PLACE = 3  # workspace, channel and ts


async def is_any_gone(connection: AsyncConnection, sources: Sequence[CaseSource]) -> bool:
    """Whether one of the messages was deleted, or one of the people wants nothing kept. Both stay
    as they are until the transaction ends."""
    for channel in sorted({one.channel for one in sources if one.channel}):
        await alone_in_channel(connection, channel)
    for person in sorted({(one.workspace, one.user_id) for one in sources}):
        await alone_with(connection, *person)
    for one in dict.fromkeys(sources):
        found = await connection.execute(_traces_of(one))
        if found.first() is not None:
            return True
    return False


async def alone_with(connection: AsyncConnection, workspace: str, user_id: str) -> None:
    """Until this transaction ends. Else a case that was made before somebody said that they want
    nothing kept could be kept after that."""
    if connection.dialect.name == "postgresql":
        name = f"airflow-bot person {workspace} {user_id}"
        await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def cases_of_message(
    connection: AsyncConnection, workspace: str, channel: str, ts: str
) -> Sequence[str]:
    """The ids of those that rest on it."""
    resting = select(CaseSourceRow.case_id).where(*_is_message(workspace, channel, ts))
    return (await connection.scalars(resting.distinct())).all()


async def erase_cases_of_messages(
    connection: AsyncConnection, fragments: Sequence[str]
) -> Sequence[str]:
    """Of messages whose keys these are, or which turns are named after; what is known of how cases
    fared in these turns goes as well. The ids of the turns out of which their words were taken."""
    event = CaseEventRow
    named = (event.turn_id.contains(one, autoescape=True) for one in fragments)
    await connection.execute(delete(event).where(or_(*named)))
    taken = list[str]()
    for place in sorted({tuple(one.split(":")[:_PLACE]) for one in fragments}):
        if len(place) == _PLACE:
            taken += await _erase_resting_on(connection, *_is_message(*place))
    return taken


async def erase_cases_of_person(
    connection: AsyncConnection, workspace: str, user_id: str
) -> Sequence[str]:
    """Also what they thought of others' cases. The ids of the turns out of which their words were
    taken."""
    await alone_with(connection, workspace, user_id)
    row, event = CaseSourceRow, CaseEventRow
    await connection.execute(
        delete(event).where(event.workspace == workspace, event.user_id == user_id)
    )
    return await _erase_resting_on(connection, row.workspace == workspace, row.user_id == user_id)


async def erase_cases_of_channel(
    connection: AsyncConnection, workspace: str, channel: str, until: str
) -> Sequence[str]:
    """Of what was said there up to then, a ts. The ids of the turns out of which their words were
    taken."""
    row = CaseSourceRow
    return await _erase_resting_on(
        connection, row.workspace == workspace, row.channel == channel, row.ts <= until
    )


def _traces_of(source: CaseSource) -> Executable:
    wants_nothing_kept = select(PreferenceRow.user_id).where(
        PreferenceRow.workspace == source.workspace,
        PreferenceRow.user_id == source.user_id,
        ~PreferenceRow.keeps_conversations,
    )
    if not source.ts:
        return wants_nothing_kept
    deleted = select(MessageMarkRow.ts).where(
        MessageMarkRow.workspace == source.workspace,
        MessageMarkRow.channel == source.channel,
        MessageMarkRow.ts == source.ts,
        MessageMarkRow.is_deleted,
    )
    left = select(ChannelMarkRow.left_ts).where(
        ChannelMarkRow.workspace == source.workspace,
        ChannelMarkRow.channel == source.channel,
        ChannelMarkRow.left_ts >= source.ts,
    )
    return wants_nothing_kept.union_all(deleted, left)


def _is_message(workspace: str, channel: str, ts: str) -> tuple[ColumnElement[bool], ...]:
    row = CaseSourceRow
    return row.workspace == workspace, row.channel == channel, row.ts == ts


async def _erase_resting_on(
    connection: AsyncConnection, *conditions: ColumnElement[bool]
) -> Sequence[str]:
    resting = select(CaseSourceRow.case_id).where(*conditions)
    case_ids = (await connection.scalars(resting.distinct())).all()
    if not case_ids:
        return ()
    taken = await take_out(connection, case_ids)
    erased = delete(ResolvedCaseRow).where(ResolvedCaseRow.id.in_(case_ids))
    await connection.execute(erased)
    return taken
