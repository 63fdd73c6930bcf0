"""Failed work held against the inbox and the ledger of posts: of which nobody was told anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, Subquery, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import aliased

from bot.adapters.sql.engine import store_errors
from bot.adapters.sql.tables import InboxRow, PostRow
from bot.domain.dead_letters import DeadLetter
from bot.domain.questions import ThreadKey
from bot.services.dead_letters import sorry_key

_BEGUN = aliased(PostRow)


@dataclass(frozen=True, slots=True)
class Said:
    """How pages of the ledger are called that tell whether work was answered.

    An answer to the work `key` is on one of `pages`, each of which holds a `{}` for the key without
    `ending`; `least` is the revision from which on a message says something.
    """

    pages: tuple[str, ...]
    ending: str
    least: int


class SqlDeadLetters:
    """The port `DeadLetters`.

    `failed` and `known` are the rows of failed and of all durable work in the same database, with
    columns `key` and, of the failed, `taken_on` in milliseconds. Work whose key begins with
    `announced` is in no inbox, since nobody asked for it, and was to be told of all the same.
    """

    def __init__(
        self, engine: AsyncEngine, failed: Subquery, known: Subquery, said: Said, announced: str
    ) -> None:
        self._engine = engine
        self._failed = failed
        self._known = known
        self._said = said
        self._announced = announced

    async def unanswered(self, since: datetime, limit: int) -> Sequence[DeadLetter]:
        statement = self._statement(since, limit)
        with store_errors("Looking for work that nobody was told of"):
            async with self._engine.connect() as connection:
                return [_letter(row) for row in await connection.execute(statement)]

    def _statement(self, since: datetime, limit: int) -> Select[*tuple[object, ...]]:
        work = self._failed.c
        question = func.replace(work.key, self._said.ending, "")
        pages = [_around(question, page) for page in self._said.pages]
        answered = exists().where(
            PostRow.key.in_(pages), PostRow.ts.is_not(None), PostRow.revision >= self._said.least
        )
        taken_up = exists().where(self._known.c.key == _around(work.key, sorry_key("{}")))
        announced = work.key.startswith(self._announced, autoescape=True)
        return (
            select(
                work.key,
                InboxRow.workspace,
                InboxRow.channel,
                InboxRow.thread,
                InboxRow.user_id,
                InboxRow.engages,
                _BEGUN.workspace.label("begun_in"),
                _BEGUN.channel.label("begun_channel"),
                _BEGUN.thread.label("begun_thread"),
            )
            .select_from(self._failed)
            .outerjoin(InboxRow, InboxRow.key == work.key)
            .outerjoin(_BEGUN, _BEGUN.key == question)
            .where(work.taken_on >= since.timestamp() * 1000)
            .where(or_(InboxRow.key.is_not(None), announced))
            .where(~answered, ~taken_up)
            .order_by(work.taken_on, work.key)
            .limit(limit)
        )


def _around(key: ColumnElement[str], page: str) -> ColumnElement[str]:
    before, _, after = page.partition("{}")
    return literal(before) + key + literal(after)


def _letter(row: Row[*tuple[object, ...]]) -> DeadLetter:
    if row.begun_channel:
        begun = ThreadKey(row.begun_in, row.begun_channel, row.begun_thread)
        return DeadLetter(row.key, begun, row.user_id or "", is_public=True)
    thread = ThreadKey(row.workspace, row.channel, row.thread) if row.channel else None
    return DeadLetter(row.key, thread, row.user_id or "", is_public=bool(row.engages))
