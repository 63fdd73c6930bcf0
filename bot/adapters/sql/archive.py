"""All conversations in a database, a page at a time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from bot.adapters.sql.archive_reading import (
    by_day,
    frequent,
    numbers,
    ratings_by_day,
    readable,
    seconds_by_day,
)
from bot.adapters.sql.console_tables import TurnIndexRow
from bot.adapters.sql.engine import store_errors
from bot.adapters.sql.rows import rating_of, turn_of
from bot.adapters.sql.tables import (
    ConversationRow,
    EvidenceRow,
    RatingRow,
    TurnRow,
    VerdictRow,
)
from bot.domain.conversations import Outcome, Rating, Score
from bot.domain.questions import ThreadKey
from bot.domain.verdicts import VerdictKind
from bot.services.archive_ports import (
    TURNS_MAX,
    Archived,
    DayFigures,
    Listed,
    ListPage,
    Scope,
    Wanted,
)


class SqlArchive:
    """The port `Archive`; the engine belongs to the caller."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._dialect = engine.dialect.name

    async def page(
        self, wanted: Wanted, scope: Scope, *, before: int | None = None, limit: int = 25
    ) -> ListPage:
        statement = numbers(self._dialect, wanted, scope, before, limit + 1)
        with store_errors("Listing conversations"):
            async with self._engine.connect() as connection:
                found = list((await connection.scalars(statement)).all())
                rows = await _listed(connection, found[:limit])
        return ListPage(tuple(rows), found[limit - 1] if len(found) > limit else None)

    async def conversation(self, number: int, scope: Scope) -> Archived | None:
        allowed = (
            select(ConversationRow)
            .join(TurnIndexRow, TurnIndexRow.conversation_id == ConversationRow.id)
            .where(ConversationRow.id == number, *readable(self._dialect, scope))
            .limit(1)
        )
        latest = (
            select(TurnRow, EvidenceRow)
            .outerjoin(EvidenceRow, EvidenceRow.turn_id == TurnRow.id)
            .where(TurnRow.conversation_id == number)
            .order_by(TurnRow.asked_at.desc(), TurnRow.id.desc())
            .limit(TURNS_MAX)
        )
        with store_errors("Reading a conversation"):
            async with AsyncSession(self._engine) as session:
                row = (await session.scalars(allowed)).first()
                if row is None:
                    return None
                kept = (await session.execute(latest)).all()
                ratings = await _ratings(session, [turn.id for turn, _ in kept])
        turns = await asyncio.to_thread(lambda: [turn_of(one, seen) for one, seen in kept])
        return Archived(
            number,
            ThreadKey(row.workspace, row.channel, row.thread),
            tuple(reversed(turns)),
            ratings,
            Outcome(row.outcome),
            row.outcome_by,
        )

    async def number_of(self, turn_id: str) -> int | None:
        statement = select(TurnRow.conversation_id).where(TurnRow.id == turn_id)
        with store_errors("Looking for a turn"):
            async with self._engine.connect() as connection:
                return (await connection.scalars(statement)).first()

    async def places(self) -> Sequence[str]:
        statement = select(TurnIndexRow.place).where(TurnIndexRow.place != "").distinct()
        with store_errors("Listing Dags"):
            async with self._engine.connect() as connection:
                return list((await connection.scalars(statement)).all())

    async def days(self, scope: Scope, since: datetime, until: datetime) -> Sequence[DayFigures]:
        asked = (self._dialect, scope, since, until)
        with store_errors("Counting turns"):
            async with self._engine.connect() as connection:
                verdicts = await _counts(connection, by_day(*asked))
                scores = await _counts(connection, ratings_by_day(*asked))
                rows = (await connection.execute(seconds_by_day(*asked))).all()
        seconds = {_date(day): (half, most) for day, half, most in rows}
        return [
            DayFigures(
                day,
                sum(verdicts[day].values()),
                {kind: count for kind, count in verdicts[day].items() if kind},
                scores[day].get(Score.UP.value, 0),
                scores[day].get(Score.DOWN.value, 0),
                *seconds.get(day, (0.0, 0.0)),
            )
            for day in sorted(verdicts)
        ]

    async def causes(self, scope: Scope, since: datetime, limit: int) -> Sequence[tuple[str, int]]:
        statement = frequent(self._dialect, scope, since, limit)
        with store_errors("Counting causes"):
            async with self._engine.connect() as connection:
                return [(cause, count) for cause, count in await connection.execute(statement)]


async def _listed(connection: AsyncConnection, found: Sequence[int]) -> list[Listed]:
    """The conversations of these numbers, in their order."""
    if not found:
        return []
    turn = TurnIndexRow
    of_turns = (
        select(
            turn.conversation_id, turn.turn_id, turn.user_id, turn.asked_at, turn.asked, turn.title,
            VerdictRow.kind, VerdictRow.cause, VerdictRow.confidence, VerdictRow.cluster,
            VerdictRow.dag_id, VerdictRow.task_id,
        )
        .outerjoin(VerdictRow, VerdictRow.turn_id == turn.turn_id)
        .where(turn.conversation_id.in_(found))
        .order_by(turn.asked_at, turn.turn_id)
    )  # fmt: skip
    columns = (
        ConversationRow.id,
        ConversationRow.workspace,
        ConversationRow.channel,
        ConversationRow.thread,
        ConversationRow.outcome,
    )
    heads = select(*columns).where(ConversationRow.id.in_(found))
    turns: Mapping[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in await connection.execute(of_turns):
        turns[row.conversation_id].append(row)
    scores = await _scores(connection, [row.turn_id for each in turns.values() for row in each])
    known = {row.id: row for row in await connection.execute(heads)}
    return [
        _one(known[number], turns[number], scores)
        for number in found
        if number in known and turns[number]
    ]


def _one(
    head: Row[*tuple[Any, ...]],
    turns: Sequence[Row[*tuple[Any, ...]]],
    scores: Mapping[str, list[str]],
) -> Listed:
    first, last = turns[0], turns[-1]
    diagnosed = next((row for row in reversed(turns) if row.kind), None)
    given = [score for row in turns for score in scores.get(row.turn_id, ())]
    listed = Listed(
        number=head.id,
        thread=ThreadKey(head.workspace, head.channel, head.thread),
        asked_at=first.asked_at,
        last_at=last.asked_at,
        question=first.asked,
        user_id=first.user_id,
        turns=len(turns),
        outcome=Outcome(head.outcome),
        ups=given.count(Score.UP.value),
        downs=given.count(Score.DOWN.value),
    )
    return listed if diagnosed is None else _with_verdict(listed, diagnosed)


def _with_verdict(listed: Listed, row: Row[*tuple[Any, ...]]) -> Listed:
    return replace(
        listed,
        verdict=VerdictKind(row.kind),
        cause=row.cause,
        title=row.title,
        confidence=row.confidence,
        cluster=row.cluster,
        dag_id=row.dag_id or "",
        task_id=row.task_id or "",
    )


async def _scores(connection: AsyncConnection, turn_ids: Sequence[str]) -> Mapping[str, list[str]]:
    """What each person's newest rating of a turn says."""
    statement = (
        select(RatingRow.turn_id, RatingRow.user_id, RatingRow.score)
        .where(RatingRow.turn_id.in_(turn_ids), RatingRow.is_on)
        .order_by(RatingRow.at, RatingRow.source)
    )
    newest = {(row.turn_id, row.user_id): row.score for row in await connection.execute(statement)}
    found: dict[str, list[str]] = defaultdict(list)
    for (turn_id, _), score in newest.items():
        found[turn_id].append(score)
    return found


async def _ratings(session: AsyncSession, turn_ids: Iterable[str]) -> dict[str, tuple[Rating, ...]]:
    statement = (
        select(RatingRow)
        .where(RatingRow.turn_id.in_(list(turn_ids)), RatingRow.is_on)
        .order_by(RatingRow.at, RatingRow.source)
    )
    newest: dict[str, dict[str, Rating]] = defaultdict(dict)
    for row in await session.scalars(statement):
        newest[row.turn_id][row.user_id] = rating_of(row)
    return {turn_id: tuple(of_people.values()) for turn_id, of_people in newest.items()}


async def _counts(
    connection: AsyncConnection, statement: Select[Any, Any, Any]
) -> dict[date, dict[str, int]]:
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for day, name, count in await connection.execute(statement):
        found[_date(day)][name] = count
    return found


def _date(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day
