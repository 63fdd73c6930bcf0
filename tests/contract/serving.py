"""Answers in which a case was shown, and what whoever asked says of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.cases import SqlResolvedCases
from bot.adapters.sql.store import SqlConversationStore
from bot.domain.conversations import Rating, Score, Turn
from bot.domain.questions import Asker, ThreadKey
from tests.fakes.cases import CASE, NOON, WORKSPACE
from tests.fakes.turns import question, turn

_numbers = count(1)


async def serve(engine: AsyncEngine, cases: SqlResolvedCases, user: str) -> Turn:
    """A turn of a thread of its own, in whose answer the case was shown to `user`."""
    ts = f"1700000000.{next(_numbers):06}"
    asked = replace(
        question(ts, thread=ThreadKey(WORKSPACE, "C0ASKED", ts), asked_at=NOON),
        asker=Asker(user, WORKSPACE),
    )
    stored = turn(asked.id, asked=asked)
    await SqlConversationStore(engine).add_turn(stored)
    at = NOON + timedelta(hours=1)
    for _ in range(2):
        await cases.served([CASE.id, "GONE"], stored.id, WORKSPACE, user, at)
    return stored


async def serve_and_rate(
    engine: AsyncEngine, cases: SqlResolvedCases, user: str, times: int, score: Score
) -> list[Rating]:
    later = NOON + timedelta(hours=2)
    store = SqlConversationStore(engine, clock=lambda: later)
    given = []
    for _ in range(times):
        asked = await serve(engine, cases, user)
        rating = Rating(asked.id, user, score, later)
        await store.rate(rating)
        given.append(rating)
    return given
