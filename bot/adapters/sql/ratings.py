"""Ratings in a database: what each person thought of a turn, by each way they said it.

A button and every reaction have a row of their own, with the newest that is known of it. So they
may arrive in any order, and a reaction that is taken back uncovers what was said before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Insert, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.adapters.sql.case_records import judge_cases
from bot.adapters.sql.engine import store_errors, writing
from bot.adapters.sql.rows import Redact, rating_of, rating_values
from bot.adapters.sql.statements import insert_into
from bot.adapters.sql.tables import RatingRow, TurnRow
from bot.domain.conversations import Rating
from bot.domain.errors import StoreError

_RENEWED = ("score", "reason", "comment", "at", "is_on")


async def put_rating(
    engine: AsyncEngine, rating: Rating, redact: Redact, now: datetime, *, is_on: bool = True
) -> None:
    """Of one way the newest stands. Raises `StoreError` where the turn is not there."""
    with store_errors("Storing a rating"):
        async with writing(engine) as connection:
            await connection.execute(_of_stored_turn(engine, rating, redact, now, is_on))
            await judge_cases(connection, rating.turn_id, now)
            found = await connection.execute(
                select(RatingRow.turn_id).where(RatingRow.turn_id == rating.turn_id).limit(1)
            )
    if found.first() is None:
        raise StoreError(f"There is no turn {rating.turn_id} to rate.")


async def ratings_of(engine: AsyncEngine, turn_id: str) -> Sequence[Rating]:
    """The newest of each person, oldest first."""
    statement = select(RatingRow).where(RatingRow.turn_id == turn_id, RatingRow.is_on)
    with store_errors("Reading ratings"):
        async with AsyncSession(engine) as session:
            rows = await session.scalars(statement.order_by(RatingRow.at, RatingRow.source))
            newest = {row.user_id: rating_of(row) for row in rows}
    return sorted(newest.values(), key=lambda rating: (rating.at, rating.user_id))


def _of_stored_turn(
    engine: AsyncEngine, rating: Rating, redact: Redact, now: datetime, is_on: bool
) -> Insert:
    """Inserts or renews the rating; nothing where its turn is not stored."""
    values = rating_values(rating, redact, now) | {"is_on": is_on}
    columns = RatingRow.__table__.columns
    lent = {
        "origin": TurnRow.origin,
        "workspace": TurnRow.workspace,
        "channel": TurnRow.channel,
    }
    given = [literal(value, columns[name].type) for name, value in values.items()]
    source = select(*lent.values(), *given).where(TurnRow.id == rating.turn_id)
    statement = insert_into(engine, RatingRow).from_select([*lent, *values], source)
    return statement.on_conflict_do_update(
        index_elements=["turn_id", "user_id", "source"],
        set_={name: statement.excluded[name] for name in _RENEWED},
        where=statement.excluded["at"] >= RatingRow.at,
    )
