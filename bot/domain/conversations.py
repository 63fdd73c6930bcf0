"""What is kept of a conversation: turns, verdicts, ratings, and how it ended."""

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


BY_BUTTON = "button"
"""Where a rating came from that was pressed, or sent with a form."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One person's opinion of one turn; a newer one replaces it. `source` is what it came by: the
    button, or the name of a reaction."""

    turn_id: str
    user_id: str
    score: Score
    at: datetime
    reason: str = ""
    comment: str = ""
    source: str = BY_BUTTON


class Outcome(StrEnum):
    """How a conversation stands, where somebody said so."""

    OPEN = ""
    SOLVED = "solved"
    REOPENED = "reopened"  # somebody asked again after it was solved
