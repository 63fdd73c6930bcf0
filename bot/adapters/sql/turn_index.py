"""Keeps what turns are found by, in the transaction that keeps the turn."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.sql.console_tables import TurnIndexRow
from bot.adapters.sql.rows import Redact, Values
from bot.adapters.sql.tables import TurnRow
from bot.domain.answers import Diagnosis
from bot.domain.conversations import Turn
from bot.services.turn_words import facets_of, text_of, words_in

_ASKED_MAX = 300  # characters of a question that a list may show


def index_values(turn: Turn, redact: Redact) -> Values:
    """All columns but the conversation's, which the turn lends."""
    facets = facets_of(turn)
    return {
        "turn_id": turn.id,
        "workspace": turn.question.thread.workspace,
        "user_id": turn.question.asker.user_id,
        "asked_at": turn.question.asked_at,
        "seconds": turn.seconds,
        "kind": facets.kind,
        "cause": facets.cause,
        "cluster": facets.cluster,
        "dag_id": facets.dag_id,
        "place": facets.place,
        "title": redact(turn.reply.verdict.title) if isinstance(turn.reply, Diagnosis) else "",
        "asked": redact(turn.question.text)[:_ASKED_MAX],
        "is_direct": facets.is_direct,
        "is_plain": facets.is_plain,
        "words": " ".join(words_in(redact(text_of(turn)))),
    }


async def put_index(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Within the caller's transaction, after the turn."""
    turn_id = values["turn_id"]
    conversation = select(TurnRow.conversation_id).where(TurnRow.id == turn_id).scalar_subquery()
    await connection.execute(delete(TurnIndexRow).where(TurnIndexRow.turn_id == turn_id))
    await connection.execute(
        insert(TurnIndexRow).values({**values, "conversation_id": conversation})
    )
