"""How a conversation ended, by word of those who took part; silence is no word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
    """The asker says that the bot solved it, the responder that its verdict was wrong."""
    SOLVED_BUT_DISLIKED = "solved_but_disliked"
    """The asker says solved, but thinks the answer no good, and no human was called."""
    TWO_CAUSES = "two_causes"
    """Two responders name different causes."""
    BOTH_THUMBS = "both_thumbs"
    """The asker's thumbs point up and down on one answer."""
    RIGHT_BUT_OTHER_CAUSE = "right_but_other_cause"
    """The responder calls the verdict right, and names another cause."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended. `resolution` is what the human did in the end, redacted, empty where none said
    so; `cause` the one that they name."""

    ending: Ending
    contradictions: tuple[Contradiction, ...] = ()
    resolution: str = ""
    cause: str = ""


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
