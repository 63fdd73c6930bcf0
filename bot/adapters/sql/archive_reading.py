"""Conditions and statements by which the archive is looked through, on either database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import JSONB, TSQUERY
from sqlalchemy.orm import aliased

from bot.adapters.sql.console_tables import WORDS_TABLE, TurnIndexRow
from bot.adapters.sql.tables import ConversationRow, RatingRow
from bot.services.archive_ports import Scope, Wanted
from bot.services.turn_words import query_words

Condition = ColumnElement[bool]
_WORDS = table(WORDS_TABLE, column("rowid"))
_FEW = 200  # Dags: of more the newest conversations are soon found
_GIVE_OR_TAKE = timedelta(days=1)
_FAR = datetime(9000, 1, 1, tzinfo=UTC)
_HALF, _MOST = 0.5, 0.95  # of the answers


def numbers(
    dialect: str, wanted: Wanted, scope: Scope, before: int | None, limit: int
) -> Select[int]:
    """The conversations with a turn that fits, newest first."""
    turn = TurnIndexRow
    statement = (
        select(turn.conversation_id)
        .where(*_fitting(dialect, wanted), *readable(dialect, scope))
        .group_by(turn.conversation_id)
        .order_by(turn.conversation_id.desc())
        .limit(limit)
    )
    return statement if before is None else statement.where(turn.conversation_id < before)


def readable(dialect: str, scope: Scope) -> list[Condition]:
    """Of a turn of the index: that its whole conversation may be read."""
    turn, other = TurnIndexRow, aliased(TurnIndexRow)
    same = other.conversation_id == turn.conversation_id
    found: list[Condition] = []
    if scope.workspace is not None:
        found.append(turn.workspace == scope.workspace)
    if scope.places is not None:
        seen = _each(dialect, scope.places)
        hidden = or_(other.is_plain.is_(False), (other.place != "") & other.place.not_in(seen))
        found.append(~exists().where(same, hidden))
        if len(scope.places) <= _FEW:
            # Says no more than the other, but is what an index leads to.
            found.append(turn.place.in_(_each(dialect, scope.places | {""})))
    if not scope.directs:
        found.append(~exists().where(same, other.is_direct, other.user_id != scope.user_id))
    return found


def by_day(dialect: str, scope: Scope, since: datetime, until: datetime) -> Select[Any, Any, Any]:
    """Day, kind of verdict, and number of turns."""
    day = _day(dialect)
    return (
        select(day, TurnIndexRow.kind, func.count())
        .where(*_between(since, until), *readable(dialect, scope))
        .group_by(day, TurnIndexRow.kind)
    )


def ratings_by_day(
    dialect: str, scope: Scope, since: datetime, until: datetime
) -> Select[Any, Any, Any]:
    """Day, score, and number of ratings of that day's turns."""
    day = _day(dialect)
    return (
        select(day, RatingRow.score, func.count())
        .join(RatingRow, RatingRow.turn_id == TurnIndexRow.turn_id)
        .where(RatingRow.is_on, *_between(since, until), *readable(dialect, scope))
        .group_by(day, RatingRow.score)
    )


def seconds_by_day(
    dialect: str, scope: Scope, since: datetime, until: datetime
) -> Select[Any, Any, Any]:
    """Day, and the seconds that half and nineteen of twenty answers took at most."""
    day = _day(dialect)
    ranked = (
        select(
            day.label("day"),
            TurnIndexRow.seconds.label("seconds"),
            func.cume_dist().over(partition_by=day, order_by=TurnIndexRow.seconds).label("share"),
        )
        .where(*_between(since, until), *readable(dialect, scope))
        .subquery()
    )

    def at_most(share: float) -> ColumnElement[float]:
        return func.min(case((ranked.c.share >= share, ranked.c.seconds)))

    return select(ranked.c.day, at_most(_HALF), at_most(_MOST)).group_by(ranked.c.day)


def frequent(dialect: str, scope: Scope, since: datetime, limit: int) -> Select[Any, Any]:
    count = func.count()
    return (
        select(TurnIndexRow.cause, count)
        .where(TurnIndexRow.cause != "", TurnIndexRow.asked_at >= since, *readable(dialect, scope))
        .group_by(TurnIndexRow.cause)
        .order_by(count.desc(), TurnIndexRow.cause)
        .limit(limit)
    )


def _fitting(dialect: str, wanted: Wanted) -> list[Condition]:
    turn = TurnIndexRow
    given: Sequence[tuple[Any, str]] = (
        (turn.kind, wanted.verdict.value if wanted.verdict else ""),
        (turn.cause, wanted.cause),
        (turn.cluster, wanted.cluster),
        (turn.dag_id, wanted.dag_id),
    )
    found: list[Condition] = [name == value for name, value in given if value]
    if wanted.words.strip():
        found.append(_worded(dialect, query_words(wanted.words)))
    if wanted.outcome is not None:
        ended = select(ConversationRow.id).where(ConversationRow.outcome == wanted.outcome.value)
        found.append(turn.conversation_id.in_(ended))
    if wanted.score is not None:
        rated = select(RatingRow.turn_id).where(
            RatingRow.score == wanted.score.value, RatingRow.is_on
        )
        found.append(turn.turn_id.in_(rated))
    if wanted.since is not None:
        found.append(turn.asked_at >= wanted.since)
    if wanted.until is not None:
        found += [turn.asked_at < wanted.until, *_begun_before(wanted.until)]
    return found


def _begun_before(until: datetime) -> list[Condition]:
    """Conversations are numbered as they begin, give or take a while: later ones are passed over
    without a look at their turns."""
    if until > _FAR:
        return []
    other = aliased(TurnIndexRow)
    latest = (
        select(other.conversation_id)
        .where(other.asked_at < until + _GIVE_OR_TAKE)
        .order_by(other.asked_at.desc())
        .limit(1)
    )
    return [TurnIndexRow.conversation_id <= latest.scalar_subquery()]


def _worded(dialect: str, words: Sequence[str]) -> Condition:
    """All of `words`, the last one as the beginning of one; they are letters and digits alone."""
    if not words:
        return literal(False)  # signs alone are in no word
    if dialect == "sqlite":
        query = " ".join(f'"{word}"' for word in words) + "*"
        matching = select(_WORDS.c.rowid).where(literal_column(WORDS_TABLE).op("MATCH")(query))
        return TurnIndexRow.number.in_(matching)
    query = " & ".join(f"'{word}'" for word in words) + ":*"
    lexemes = func.array_to_tsvector(
        func.string_to_array(TurnIndexRow.words, literal_column("' '"))
    )
    return lexemes.op("@@", is_comparison=True)(cast(query, TSQUERY))


def _each(dialect: str, values: frozenset[str]) -> Select[Any]:
    """Any number of texts as one parameter."""
    given = json.dumps(sorted(values))
    if dialect == "sqlite":
        return select(func.json_each(given).table_valued("value").c.value)
    rows = func.jsonb_array_elements_text(cast(literal(given), JSONB)).table_valued("value")
    return select(rows.c.value)


def _between(since: datetime, until: datetime) -> tuple[Condition, Condition]:
    return TurnIndexRow.asked_at >= since, TurnIndexRow.asked_at < until


def _day(dialect: str) -> ColumnElement[Any]:
    if dialect == "sqlite":
        return func.date(TurnIndexRow.asked_at)
    return cast(func.timezone(literal_column("'UTC'"), TurnIndexRow.asked_at), Date)
