"""Answers in which a case was shown, and what whoever asked says of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.store import SqlConversationStore
from bot.answering.prompts.cases import CASE_SOURCE
from bot.domain.answers import Claim, Explanation, ModelOutcome, SolvedBefore
from bot.domain.conversations import Rating, Score, Turn
from bot.domain.questions import Asker, ThreadKey
from bot.domain.runbooks import Passage
from bot.domain.verdicts import VerdictKind
from tests.fakes.cases import CASE, NOON, WORKSPACE
from tests.fakes.turns import diagnosis, question, turn

_numbers = count(1)
_SOLVED = SolvedBefore(CASE.id, NOON, "Erin", CASE.problem, CASE.fix, VerdictKind.CODE)
_CLAIMS = (Claim("Erin pinned pandas.", ("R1",)), Claim("It ran out.", ("L2",)))
TOLD = replace(
    diagnosis(),
    solved=(_SOLVED,),
    passages=(Passage("R1", "Solved", CASE.fix, CASE_SOURCE),),
    explanation=Explanation(ModelOutcome.USED, _CLAIMS, _CLAIMS[:1]),
)
"""An answer with the case, of which a model spoke as well."""


async def serve(engine: AsyncEngine, user: str) -> Turn:
    """A turn of a thread of its own, in whose answer the case was shown to `user`."""
    ts = f"1700000000.{next(_numbers):06}"
    asked = replace(
        question(ts, thread=ThreadKey(WORKSPACE, "C0ASKED", ts), asked_at=NOON),
        asker=Asker(user, WORKSPACE),
    )
    stored = replace(turn(asked.id, asked=asked, reply=TOLD), answered_at=NOON + timedelta(hours=1))
    for _ in range(2):
        await SqlConversationStore(engine).add_turn(stored)
    return stored


async def serve_and_rate(engine: AsyncEngine, user: str, times: int, score: Score) -> list[Rating]:
    later = NOON + timedelta(hours=2)
    store = SqlConversationStore(engine, clock=lambda: later)
    given = []
    for _ in range(times):
        asked = await serve(engine, user)
        rating = Rating(asked.id, user, score, later)
        await store.rate(rating)
        given.append(rating)
    return given
