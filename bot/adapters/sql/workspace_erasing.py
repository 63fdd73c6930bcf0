"""Deletes all that is kept of one workspace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Update, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.access_tables import ChannelPolicyRow
from bot.adapters.sql.case_tables import CaseEventRow, ResolvedCaseRow, ReviewItemRow
from bot.adapters.sql.consent_tables import ConsentRow
from bot.adapters.sql.console_tables import ConsoleSessionRow
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.escalation_erasing import erase_questions
from bot.adapters.sql.escalation_tables import EscalationPartyRow, EscalationRow
from bot.adapters.sql.preference_tables import PreferenceRow
from bot.adapters.sql.runbook_drafts import erase_drafts, of_workspace
from bot.adapters.sql.tables import ConversationRow, InboxRow, PostRow, TurnRow
from bot.adapters.sql.talk_tables import ChannelMarkRow, MessageMarkRow, ThreadMarkRow

_UNINSTALL = "uninstall"


class SqlWorkspaceErasing:
    """The audit stays: it holds no words of anybody's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def erase_workspace(self, workspace: str, until: datetime) -> None:
        """Raises `StoreError`."""
        with store_errors("Deleting what was kept of a workspace"):
            async with writing(self._engine) as connection:
                # Also of those that others joined.
                await erase_questions(connection, [f"{workspace}:"])
                await erase_drafts(connection, of_workspace(workspace))
                await connection.execute(_withdrawal(workspace, until))
            for statement in _statements(workspace, until):
                async with writing(self._engine) as connection:
                    await connection.execute(statement)


def _withdrawal(workspace: str, until: datetime) -> Update:
    """Consents stay readable: they say why earlier exports were right."""
    row = ConsentRow
    ours = (row.workspace == workspace, row.recorded_at <= until, row.withdrawn_at.is_(None))
    return update(row).where(*ours).values(withdrawn_at=until, withdrawn_by=_UNINSTALL)


def _statements(workspace: str, until: datetime) -> Iterator[Delete]:
    dated: tuple[tuple[Any, Any], ...] = (
        (TurnRow, TurnRow.asked_at),
        (ConversationRow, ConversationRow.created_at),
        (InboxRow, InboxRow.created_at),
        (PostRow, PostRow.announced_at),
        (MessageMarkRow, MessageMarkRow.marked_at),
        (PreferenceRow, PreferenceRow.changed_at),
        (ResolvedCaseRow, ResolvedCaseRow.confirmed_at),
        (CaseEventRow, CaseEventRow.at),
        (ReviewItemRow, ReviewItemRow.opened_at),
        (ChannelPolicyRow, ChannelPolicyRow.changed_at),
        (ConsoleSessionRow, ConsoleSessionRow.began_at),
    )
    # Those whose every party was there; of the others it leaves the parties.
    theirs = select(EscalationPartyRow.escalation_id)
    here = theirs.where(EscalationPartyRow.workspace == workspace)
    elsewhere = theirs.where(EscalationPartyRow.workspace != workspace)
    yield delete(EscalationRow).where(
        EscalationRow.id.in_(here), EscalationRow.id.not_in(elsewhere)
    )
    yield delete(EscalationPartyRow).where(EscalationPartyRow.workspace == workspace)
    for table, at in dated:
        yield delete(table).where(table.workspace == workspace, at <= until)
    for marks in (ThreadMarkRow, ChannelMarkRow):
        yield delete(marks).where(marks.workspace == workspace)
