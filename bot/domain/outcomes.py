"""How a conversation ended, by word of those who took part; silence is no word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.conversations import Outcome, Score
from bot.domain.escalations import State, Truth, WasRight
from bot.domain.questions import Origin, ThreadKey


class Ending(StrEnum):
    """`ABANDONED` counts neither for the answer nor against it: nobody said anything."""

    OPEN = "open"
    SOLVED_BY_BOT = "solved_by_bot"
    SOLVED_BY_HUMAN = "solved_by_human"
    ABANDONED = "abandoned"
    WRONG = "wrong"
    CONTRADICTED = "contradicted"


class Contradiction(StrEnum):
    """Two words about one conversation that cannot both be true."""

    SOLVED_BUT_WRONG = "solved_but_wrong"
    """The asker says that the bot's answer did it, the responder that its verdict was wrong."""
    SOLVED_BUT_DISLIKED = "solved_but_disliked"
    """The asker says solved, and that the answer was no good, and no human was called."""
    TWO_CAUSES = "two_causes"
    """Two responders name different causes, or one takes the bot's for right and one for wrong."""
    BOTH_THUMBS = "both_thumbs"
    """The asker's thumbs point up and down on one answer."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended. `resolution` is what the human did in the end, redacted, empty where none said
    so; `cause` the one that they name; `bot` whether they hold the bot's verdict for right."""

    ending: Ending
    contradictions: tuple[Contradiction, ...] = ()
    resolution: str = ""
    cause: str = ""
    bot: WasRight = WasRight.NOT_SAID


@dataclass(frozen=True, slots=True)
class Thumb:
    """What whoever asked thinks of the answer of one turn, by one way to say so."""

    turn_id: str
    score: Score
    at: datetime


@dataclass(frozen=True, slots=True)
class Human:
    """A human who was called for a conversation. `truth` is None where they did not say it."""

    escalation: str
    state: State
    truth: Truth | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """All that was said of how a conversation ended, nothing of which anybody has to say. `thumbs`
    are those of whoever asked, each about their own turn; `turn_ids` are oldest first."""

    turn_ids: tuple[str, ...]
    last_at: datetime
    outcome: Outcome = Outcome.OPEN
    outcome_at: datetime | None = None
    thumbs: tuple[Thumb, ...] = ()
    humans: tuple[Human, ...] = ()


@dataclass(frozen=True, slots=True)
class EndedConversation:
    """A conversation with its ending. `turn_ids` are oldest first, `turn_id` is that of the turn
    that the ending is about; `verdict`, `predicted` and `cluster` are that turn's, empty without a
    diagnosis. `seconds` is how long its first answer took. `escalations` are those that concern it.
    """

    thread: ThreadKey
    origin: Origin
    ended: Ended
    turn_ids: tuple[str, ...]
    turn_id: str
    asked_at: datetime
    last_at: datetime
    seconds: float
    verdict: str = ""
    predicted: str = ""
    cluster: str = ""
    dag_id: str = ""
    escalations: tuple[str, ...] = ()
