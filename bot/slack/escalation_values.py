"""What is shown and said of escalations in Slack, as values that outlive the process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.answers import Diagnosis
from bot.domain.escalations import Escalation, ReachCount, Truth


@dataclass(frozen=True, slots=True)
class Handoff:
    """The card in the channel of those on call. `parties` is how many threads are told,
    `asked_in` where the first of them are found. `called_at` is when those on call are called,
    where the quiet hours have to be over first."""

    escalation: Escalation
    diagnosis: Diagnosis | None = None
    runbook: str = ""
    reach: tuple[ReachCount, ...] = ()
    parties: int = 0
    truth: Truth | None = None
    asked_in: tuple[str, ...] = ()
    called_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallOut:
    """Words that call people: those of `users`, or everybody where `is_for_all`. `title` says what
    it is about and `link` leads to its card, where that is not above them."""

    words: str
    users: tuple[str, ...] = ()
    is_for_all: bool = False
    title: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of somebody's message, where it can be looked at."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Relayed:
    """What somebody said in the other thread. `side` says which that is."""

    user: str
    text: str
    side: str
    files: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A runbook drafted from a case, where it could not be attached as a file."""

    name: str
    words: str


Escalating = Handoff | CallOut | Relayed | Draft
