"""What hangs on a message in a database, and how it is deleted for good."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.sql.case_sources import (
    cases_of_message,
    erase_cases_of_channel,
    erase_cases_of_messages,
    erase_cases_of_person,
)
from bot.adapters.sql.codec import decode, encode
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.escalation_erasing import erase_questions, silence_truths
from bot.adapters.sql.gone import alone_in_channel
from bot.adapters.sql.runbook_drafts import erase_drafts, of_channel, of_person, resting_on
from bot.adapters.sql.statements import is_thread
from bot.adapters.sql.tables import ConversationRow, InboxRow, PostRow, TurnRow
from bot.domain.casework import fragment_of
from bot.domain.questions import Question, ThreadKey
from bot.services.talk import Belongings, MessageKey, PageOfPost

_TS = re.compile(r"\d{10}\.\d{6}")
_TOGETHER = 50  # conditions in one statement


class SqlErasing:
    """The part of `TalkRecords` that deletes."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def belongings(self, message: MessageKey) -> Belongings:
        """What answers hang on: buttons under an answer bring new work that is named after it."""
        with store_errors("Looking for what belongs to a message"):
            async with self._engine.connect() as connection:
                place = (message.workspace, message.channel, message.ts)
                cases = await cases_of_message(connection, *place)
                fragments = dict.fromkeys([message.fragment, *map(fragment_of, cases)])
                keys = await _in_thread(connection, message)
                fragments |= dict.fromkeys(_fragments(keys, message))
                pages: dict[str, PageOfPost] = {}
                fresh = list(fragments)
                while fresh:
                    found = await _pages(connection, fresh)
                    pages |= {page.key: page for page in found}
                    under = _under(found, message)
                    fresh = [each for each in under if each not in fragments]
                    fragments |= dict.fromkeys(fresh)
        return Belongings(tuple(fragments), tuple(pages.values()))

    async def erase(self, fragments: Sequence[str]) -> Sequence[str]:
        taken = list[str]()
        with store_errors("Deleting turns"):
            async with writing(self._engine) as connection:
                for some in _portions(fragments):
                    # Evidence, verdicts and ratings go with their turns.
                    await connection.execute(delete(TurnRow).where(_holds(TurnRow.id, some)))
                    await erase_questions(connection, some)
                    taken += await erase_cases_of_messages(connection, some)
                    await erase_drafts(connection, resting_on(some))
                await without_empty(connection)
        return taken

    async def erase_found(self, workspace: str, user_id: str) -> Sequence[str]:
        """Also what somebody thought of others' cases."""
        with store_errors("Deleting what somebody found out"):
            async with writing(self._engine) as connection:
                taken = await erase_cases_of_person(connection, workspace, user_id)
                await silence_truths(connection, user_id)
                await erase_drafts(connection, of_person(workspace, user_id))
        return taken

    async def turns_of(self, workspace: str, user_id: str, limit: int) -> Sequence[str]:
        theirs = (
            select(TurnRow.id)
            .where(TurnRow.workspace == workspace, TurnRow.user_id == user_id)
            .order_by(TurnRow.asked_at, TurnRow.id)
            .limit(limit)
        )
        with store_errors("Looking for what somebody asked"):
            async with self._engine.connect() as connection:
                return list((await connection.scalars(theirs)).all())

    async def erase_channel(self, workspace: str, channel: str, until: str) -> Sequence[str]:
        moment = datetime.fromtimestamp(float(until), UTC)
        with store_errors("Deleting the turns of a channel"):
            async with writing(self._engine) as connection:
                await alone_in_channel(connection, channel)
                await connection.execute(
                    delete(TurnRow).where(
                        TurnRow.workspace == workspace,
                        TurnRow.channel == channel,
                        TurnRow.asked_at <= moment,
                    )
                )
                taken = await erase_cases_of_channel(connection, workspace, channel, until)
                await erase_drafts(connection, of_channel(workspace, channel, until))
                await without_empty(connection)
        return taken

    async def unquote(self, message: MessageKey) -> Sequence[str]:
        """Only of the same channel, since that is where threads are read."""
        quoting = select(TurnRow.id, TurnRow.question, TurnRow.format).where(
            TurnRow.workspace == message.workspace,
            TurnRow.channel == message.channel,
            TurnRow.question.contains(f'"{message.ts}"', autoescape=True),
        )
        changed = []
        with store_errors("Taking a message out of turns"):
            async with writing(self._engine) as connection:
                for turn_id, text, version in (await connection.execute(quoting)).all():
                    asked = decode(Question, text, version, f"Turn {turn_id}'s question")
                    kept = tuple(one for one in asked.earlier if one.ts != message.ts)
                    if kept == asked.earlier:
                        continue
                    without = encode(replace(asked, earlier=kept)).decode()
                    await connection.execute(
                        update(TurnRow).where(TurnRow.id == turn_id).values(question=without)
                    )
                    changed.append(turn_id)
        return changed


def _portions(fragments: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(fragments), _TOGETHER):
        yield fragments[begin : begin + _TOGETHER]


def _holds(column: Any, fragments: Iterable[str]) -> ColumnElement[bool]:
    return or_(*(column.contains(each, autoescape=True) for each in fragments))


async def _in_thread(connection: AsyncConnection, message: MessageKey) -> Sequence[str]:
    """Keys of all that went on in the thread that the message opened, where it opened one."""
    thread = ThreadKey(message.workspace, message.channel, message.ts)
    turns = (
        select(TurnRow.id)
        .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
        .where(*is_thread(ConversationRow, thread))
    )
    taken = select(InboxRow.key).where(*is_thread(InboxRow, thread))
    posted = select(PostRow.key).where(*is_thread(PostRow, thread))
    return (await connection.scalars(turns.union(taken, posted))).all()


async def _pages(connection: AsyncConnection, fragments: Sequence[str]) -> list[PageOfPost]:
    found: list[PageOfPost] = []
    for some in _portions(fragments):
        rows = await connection.execute(
            select(PostRow.key, PostRow.ts).where(_holds(PostRow.key, some))
        )
        found += [PageOfPost(key, ts) for key, ts in rows]
    return found


def _fragments(keys: Iterable[str], message: MessageKey) -> Iterator[str]:
    """The messages that these keys are about."""
    named = re.compile(rf"{re.escape(f'{message.workspace}:{message.channel}:')}[^:]+")
    for key in keys:
        if found := named.search(key):
            yield found.group()


def _under(pages: Iterable[PageOfPost], message: MessageKey) -> Iterator[str]:
    """What work that was brought about by buttons of these posts is named after."""
    for page in pages:
        if page.ts is not None and _TS.fullmatch(page.ts):
            yield MessageKey(message.workspace, message.channel, page.ts).fragment


async def without_empty(connection: AsyncConnection) -> None:
    """Conversations without a turn: nothing is left of them to keep."""
    turns = select(TurnRow.id).where(TurnRow.conversation_id == ConversationRow.id)
    await connection.execute(delete(ConversationRow).where(~turns.exists()))
