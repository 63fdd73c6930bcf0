"""Where the tables hold something about one person.

No table is left out, also none that is added later: a person is looked for in every column that
names one, and by Slack's id in every text. With what is found goes what hangs on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, DateTime, Table, Text, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator

from bot.adapters.sql.tables import Base, TurnRow
from bot.domain.privacy import Person, Trace, holding

PREFERENCES = "preferences"
_NAMING = re.compile(r"^user_id$|_by$")
_PLACES = {
    "turns": "questions and answers",
    "evidence": "evidence of these",
    "verdicts": "verdicts of these",
    "turn_index": "the index of these",
    "ratings": "ratings",
    "conversations": "conversations",
    "inbox": "deliveries",
    "posts": "pages of the ledger of posts",
    "escalations": "escalations",
    "escalation_deeds": "what was done about escalations",
    "escalation_parties": "threads that hear of escalations",
    "escalation_truths": "what humans found out",
    "resolved_cases": "resolved cases",
    "case_sources": "sources of cases",
    "case_events": "how cases fared",
    "review_items": "review",
    "runbook_drafts": "drafts of runbooks",
    "runbook_draft_sources": "sources of these drafts",
    "snapshot_rows": "rows of snapshots",
    "audit": "audit",
    PREFERENCES: "what they set",
    "console_sessions": "sessions of the console",
}
_WISH = "their wish that nothing is kept: without it the bot would keep their words again"


@dataclass(frozen=True, slots=True)
class Found:
    """A row in which somebody is. `texts` are its columns that name them, by name."""

    key: tuple[Any, ...]
    texts: dict[str, str]
    since: datetime | None


def tables() -> list[Table]:
    """Those that refer to others before these."""
    return list(reversed(Base.metadata.sorted_tables))


def naming(table: Table) -> list[Column[Any]]:
    """Columns that hold nothing but a person's id."""
    return [one for one in table.c if is_text(one) and _NAMING.search(one.name)]


async def traces(connection: AsyncConnection, person: Person) -> list[Trace]:
    found = []
    for table in sorted(tables(), key=_order):
        rows, since = 0, None
        async for row in found_in(connection, table, person, hanging=True):
            rows += 1
            since = min(filter(None, (since, row.since)), default=None)
        if rows:
            why = await _reason(connection, table, person)
            found.append(Trace(_PLACES.get(table.name, table.name), rows, since, why))
    return found


async def found_in(
    connection: AsyncConnection, table: Table, person: Person, *, hanging: bool = False
) -> Any:
    """The rows of `table` that name this person, and with `hanging` those that go with them."""
    texts = [one for one in table.c if is_text(one)] if person.is_of_slack else naming(table)
    hangs = list(_hanging(table, person)) if hanging else []
    conditions = [*_names(table, person, texts), *hangs]
    if not conditions:
        return
    dated = next((one for one in table.c if _is_date(one)), None)
    hung = or_(*hangs).label("hangs_on_theirs") if hangs else None
    columns = [*table.primary_key.columns, *texts]
    extra = [one for one in (dated, hung) if one is not None]
    statement = select(*(one.label(f"c{at}") for at, one in enumerate(columns)), *extra)
    pattern = holding(person)
    # Read to the end at once: whoever asks changes these rows next.
    rows = (await connection.execute(statement.where(or_(*conditions)))).all()
    keys = len(table.primary_key.columns)
    for row in rows:
        named = {
            column.name: value
            for column, value in zip(texts, row[keys : len(columns)], strict=True)
            if value and pattern.search(value)
        }
        if named or (hung is not None and row[-1]):
            since = row[len(columns)] if dated is not None else None
            yield Found(tuple(row[:keys]), named, since)


def _names(
    table: Table, person: Person, texts: Sequence[Column[Any]]
) -> Iterator[ColumnElement[bool]]:
    if not texts:
        return
    if person.is_of_slack:
        named = or_(*(one.contains(person.user_id, autoescape=True) for one in texts))
    else:
        named = or_(*(one == person.user_id for one in texts))
    if "workspace" in table.c:
        named &= table.c.workspace.in_([person.workspace, ""])
    yield named


def _hanging(table: Table, person: Person) -> Iterator[ColumnElement[bool]]:
    """Rows that are deleted with a row of theirs."""
    for key in table.foreign_keys:
        parent = key.column.table
        if key.ondelete == "CASCADE" and parent.name == TurnRow.__tablename__:
            theirs = select(key.column).where(
                parent.c.workspace == person.workspace,
                or_(*(one == person.user_id for one in naming(parent))),
            )
            yield key.parent.in_(theirs)


async def _reason(connection: AsyncConnection, table: Table, person: Person) -> str:
    if table.name != PREFERENCES:
        return ""
    wish = select(func.count()).where(
        table.c.workspace == person.workspace,
        table.c.user_id == person.user_id,
        ~table.c.keeps_conversations,
        table.c.patterns == "",
    )
    return _WISH if await connection.scalar(wish) else ""


def is_text(column: Column[Any]) -> bool:
    return isinstance(_plain(column), Text)


def _is_date(column: Column[Any]) -> bool:
    return isinstance(_plain(column), DateTime)


def _plain(column: Column[Any]) -> object:
    kind = column.type
    return kind.impl if isinstance(kind, TypeDecorator) else kind


def _order(table: Table) -> int:
    names = list(_PLACES)
    return names.index(table.name) if table.name in names else len(names)
