"""Domain values as column values, and rows as domain values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.adapters.sql.codec import FORMAT, decode, decode_reply, encode, reply_kind
from bot.adapters.sql.packing import Packed, unpack
from bot.adapters.sql.tables import EvidenceRow, RatingRow, TurnRow
from bot.domain.answers import Diagnosis, Reply
from bot.domain.conversations import Rating, Score, Turn
from bot.domain.questions import Intent, Question

Values = dict[str, Any]
Redact = Callable[[str], str]


PROVENANCE = ("origin", "workspace", "channel", "author_team", "created_at")


def provenance(question: Question, now: datetime) -> Values:
    """The columns that every row has."""
    return {
        "origin": question.origin.value,
        "workspace": question.thread.workspace,
        "channel": question.thread.channel,
        "author_team": question.asker.team_id,
        "created_at": now,
    }


def turn_values(turn: Turn, redact: Redact) -> Values:
    return {
        "id": turn.id,
        "question_id": turn.question.id,
        "user_id": turn.question.asker.user_id,
        "intent": turn.intent.value,
        "question": encode(turn.question, redact).decode(),
        **reply_values(turn.reply, redact),
        "format": FORMAT,
        "asked_at": turn.question.asked_at,
        "answered_at": turn.answered_at,
        "seconds": turn.seconds,
        "reply_ts": turn.reply_ts,
    }


def reply_values(reply: Reply, redact: Redact) -> Values:
    return {"reply_kind": reply_kind(reply), "reply": encode(reply, redact).decode()}


def evidence_values(packed: Packed) -> Values:
    return {
        "digest": packed.digest,
        "format": packed.format,
        "size": packed.size,
        "body": packed.body,
    }


def verdict_values(diagnosis: Diagnosis) -> Values:
    verdict, target = diagnosis.verdict, diagnosis.target
    return {
        "kind": verdict.kind.value,
        "cause": verdict.cause,
        "confidence": verdict.confidence,
        "error_class": verdict.error_class.value,
        "retry": verdict.retry.value,
        "owner": verdict.owner,
        "cluster": target.cluster,
        "dag_id": target.dag_id,
        "run_id": target.run_id,
        "task_id": target.task_id,
        "map_index": target.map_index,
        "try_number": target.try_number,
    }


def rating_values(rating: Rating, redact: Redact, now: datetime) -> Values:
    """All columns but those that the turn lends: origin, workspace and channel."""
    return {
        "turn_id": rating.turn_id,
        "user_id": rating.user_id,
        "source": rating.source,
        "score": rating.score.value,
        "reason": redact(rating.reason),
        "comment": redact(rating.comment),
        "at": rating.at,
        "author_team": "",  # a click tells the person, not the team
        "created_at": now,
    }


def turn_of(row: TurnRow, evidence: EvidenceRow | None) -> Turn:
    """The turn as it was stored. Raises `StoreError` where it cannot be read."""
    what = f"Turn {row.id}"
    packed = evidence and Packed(evidence.body, evidence.digest, evidence.size, evidence.format)
    return Turn(
        id=row.id,
        question=decode(Question, row.question, row.format, f"{what}'s question"),
        intent=Intent(row.intent),
        reply=decode_reply(row.reply_kind, row.reply, row.format, f"{what}'s reply"),
        evidence=unpack(packed, f"{what}'s evidence") if packed else None,
        answered_at=row.answered_at,
        seconds=row.seconds,
        reply_ts=row.reply_ts,
    )


def rating_of(row: RatingRow) -> Rating:
    score = Score(row.score)
    return Rating(
        row.turn_id, row.user_id, score, row.at, row.reason, row.comment, source=row.source
    )
