"""Failed work held against the inbox and the ledger of posts: of which nobody was told anything, or
perhaps not all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    Subquery,
    Text,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import aliased

from bot.adapters.sql.engine import store_errors
from bot.adapters.sql.tables import InboxRow, PostRow
from bot.adapters.sql.talk_tables import MessageMarkRow
from bot.domain.alerts import ALERT, LISTS
from bot.domain.dead_letters import DeadLetter, Unfinished
from bot.domain.escalation_work import ESCALATION
from bot.domain.failures import BATCH
from bot.domain.questions import ThreadKey
from bot.domain.work import HANDED_IN, again, first_key
from bot.services.dead_letters import sorry_key, unfinished_key

_BEGUN = aliased(PostRow)
_AT_A_TIME = 500
# What the keys of work begin with that nobody asked for, and that has something to tell.
_UNASKED = (ALERT, LISTS, f"{BATCH}:", ESCALATION)


@dataclass(frozen=True, slots=True)
class Said:
    """How pages of the ledger are called that tell whether work was answered.

    What is said to the work `key` is on the page named by that key without `ending`, or on one of
    `whispers`, which hold a `{}` for it and another for a revision; from `least` on a message says
    something. The page alone can be changed; it holds an answer from revision `answer` on.

    The key of work on an edited question is that of the question, `edit` and the time of the edit;
    it came in with `edited` in place of that. Each edit adds `edition` to its revisions.
    """

    whispers: tuple[str, ...]
    ending: str
    least: int
    answer: int
    edit: str
    edited: str
    edition: int


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

    async def unfinished(self, since: datetime, limit: int) -> Sequence[Unfinished]:
        statement = self._left_unfinished(since, limit)
        with store_errors("Looking for answers that were left unfinished"):
            async with self._engine.connect() as connection:
                return [Unfinished(*row) for row in await connection.execute(statement)]

    async def untold(self, since: datetime) -> Mapping[str, int]:
        work, known = self._failed.c, self._known.c
        failed = select(work.key).where(
            or_(*(work.key.startswith(prefix, autoescape=True) for prefix in _UNASKED)),
            work.taken_on >= since.timestamp() * 1000,
        )
        with store_errors("Looking for news that nobody was told of"):
            async with self._engine.connect() as connection:
                keys = (await connection.scalars(failed)).all()
                times = Counter(first_key(key) for key in keys)
                found = {key: count for key, count in times.items() if count < HANDED_IN}
                after = {again(key, count): key for key, count in found.items()}
                next_keys = list(after)
                for begin in range(0, len(next_keys), _AT_A_TIME):
                    some = known.key.in_(next_keys[begin : begin + _AT_A_TIME])
                    for key in await connection.scalars(select(known.key).where(some)):
                        del found[after[key]]
        return found

    def _statement(self, since: datetime, limit: int) -> Select[*tuple[object, ...]]:
        work, said, question, before = self._failed.c, self._said, self._question, self._before
        revisions = range(said.least, said.answer + 1)
        whispers = [
            _filled(page, question, cast(before + revision, Text))
            for page in said.whispers
            for revision in revisions
        ]
        answered = exists().where(
            PostRow.key.in_([question, *whispers]),
            PostRow.ts.is_not(None),
            PostRow.revision >= before + said.least,
        )
        tries, in_vain = self._taken_up(work.key, sorry_key)
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
                in_vain.label("tries"),
                (before // said.edition).label("edition"),
            )
            .select_from(self._failed)
            .outerjoin(InboxRow, InboxRow.key == func.replace(work.key, said.edit, said.edited))
            .outerjoin(_BEGUN, _BEGUN.key == question)
            .where(work.taken_on >= since.timestamp() * 1000)
            .where(or_(InboxRow.key.is_not(None), announced), before.is_not(None))
            .where(~answered, tries == in_vain, in_vain < HANDED_IN)
            .order_by(work.taken_on, work.key)
            .limit(limit)
        )

    def _left_unfinished(self, since: datetime, limit: int) -> Select[*tuple[str, str, int, int]]:
        work, said = self._failed.c, self._said
        name = PostRow.key + literal(":") + cast(PostRow.revision, Text)
        tries, in_vain = self._taken_up(name, unfinished_key)
        return (
            select(work.key, PostRow.key, PostRow.revision, in_vain.label("tries"))
            .select_from(self._failed)
            .join(PostRow, PostRow.key == self._question)
            .where(work.taken_on >= since.timestamp() * 1000)
            .where(PostRow.ts.is_not(None), PostRow.revision >= self._before + said.answer)
            .where(tries == in_vain, in_vain < HANDED_IN)
            .order_by(work.taken_on, work.key)
            .limit(limit)
        )

    @property
    def _question(self) -> ColumnElement[str]:
        key, said = self._failed.c.key, self._said
        at = self._edit_at
        return case((at > 0, func.substr(key, 1, at - 1)), else_=func.replace(key, said.ending, ""))

    @property
    def _before(self) -> ColumnElement[int]:
        """The revisions of a question's earlier wordings are below this; NULL where the work is on
        one of these itself."""
        mark, said = MessageMarkRow, self._said
        message = mark.workspace + literal(":") + mark.channel + literal(":") + mark.ts
        wording = message + literal(said.edit) + mark.edited_ts
        edits = select(mark.edits).where(wording == self._failed.c.key, ~mark.is_deleted)
        edition = edits.correlate(self._failed).scalar_subquery()
        return case((self._edit_at > 0, edition * said.edition), else_=0)

    @property
    def _edit_at(self) -> ColumnElement[int]:
        """Where in its key it says that the work is on an edited question; 0 for nowhere."""
        is_file = self._engine.dialect.name == "sqlite"
        place = func.instr if is_file else func.strpos
        return place(self._failed.c.key, self._said.edit)

    def _taken_up(
        self, name: ColumnElement[str], key_of: Callable[[str, int], str]
    ) -> tuple[ScalarSelect[int], ScalarSelect[int]]:
        """How many jobs there are under the keys for `name`, and how many of them have failed."""
        keys = [_filled(key_of("{}", failed), name) for failed in range(HANDED_IN)]

        def count_of(rows: Subquery) -> ScalarSelect[int]:
            jobs = rows.alias()
            count = select(func.count()).select_from(jobs).where(jobs.c.key.in_(keys))
            return count.correlate(self._failed, PostRow).scalar_subquery()

        return count_of(self._known), count_of(self._failed)


def _filled(template: str, *names: ColumnElement[str]) -> ColumnElement[str]:
    """The template with these in place of each `{}`."""
    first, *rest = template.split("{}")
    text: ColumnElement[str] = literal(first)
    for name, words in zip(names, rest, strict=True):
        text = text + name + literal(words)
    return text


def _letter(row: Row[*tuple[object, ...]]) -> DeadLetter:
    if row.begun_channel:
        begun = ThreadKey(row.begun_in, row.begun_channel, row.begun_thread)
        return DeadLetter(row.key, begun, row.user_id or "", True, row.tries, row.edition)
    thread = ThreadKey(row.workspace, row.channel, row.thread) if row.channel else None
    user, is_public = row.user_id or "", bool(row.engages)
    return DeadLetter(row.key, thread, user, is_public, row.tries, row.edition)
