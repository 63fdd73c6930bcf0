"""What is kept of a conversation: turns, verdicts and ratings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.answers import Reply
from bot.domain.evidence import Evidence
from bot.domain.questions import Intent, Question


class Score(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with its reply and what it rested on. `reply_ts` is where it was posted."""

    id: str
    question: Question
    intent: Intent
    reply: Reply
    evidence: Evidence | None
    answered_at: datetime
    seconds: float
    reply_ts: str | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """One person's opinion of one turn; a newer one replaces it."""

    turn_id: str
    user_id: str
    score: Score
    at: datetime
    reason: str = ""
    comment: str = ""
