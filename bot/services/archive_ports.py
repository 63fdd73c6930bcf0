"""The door to all conversations that are kept, for those who look after the bot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from bot.domain.conversations import Outcome, Rating, Score, Turn
from bot.domain.questions import ThreadKey
from bot.domain.verdicts import VerdictKind


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations: those with a turn that fits all that is given; "" and None for any.

    `words` have to stand in it all, the last one at least as the beginning of a word. Times are
    aware, and of when the turn was asked.
    """

    words: str = ""
    verdict: VerdictKind | None = None
    cause: str = ""
    cluster: str = ""
    dag_id: str = ""
    outcome: Outcome | None = None
    score: Score | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What somebody may read at all.

    `workspace` None: of all. `places` are the Dags that they may see, as `place_of` writes them;
    None for all. A conversation in which anything else comes up is not there for them. What was
    said in direct messages is there for `user_id`, and for all who read `directs`.
    """

    workspace: str | None = None
    user_id: str = ""
    directs: bool = False
    places: frozenset[str] | None = None

    @property
    def is_limited(self) -> bool:
        return self.places is not None


EVERYTHING = Scope(directs=True)

TURNS_MAX = 40
"""Of one conversation, the latest ones."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One conversation in a list, by its first question and its latest diagnosis; `number` names
    it. Empty and None where nothing was diagnosed."""

    number: int
    thread: ThreadKey
    asked_at: datetime
    last_at: datetime
    question: str
    user_id: str
    turns: int
    verdict: VerdictKind | None = None
    cause: str = ""
    title: str = ""
    confidence: float = 0.0
    cluster: str = ""
    dag_id: str = ""
    task_id: str = ""
    outcome: Outcome = Outcome.OPEN
    ups: int = 0
    downs: int = 0


@dataclass(frozen=True, slots=True)
class ListPage:
    """Newest first. `older` is what to go on `before`; None at the end."""

    rows: tuple[Listed, ...]
    older: int | None = None


@dataclass(frozen=True, slots=True)
class Archived:
    """One conversation: its latest turns, `TURNS_MAX` at most, oldest first, with their evidence,
    and the ratings of each."""

    number: int
    thread: ThreadKey
    turns: tuple[Turn, ...]
    ratings: dict[str, tuple[Rating, ...]] = field(default_factory=dict)
    outcome: Outcome = Outcome.OPEN
    outcome_by: str = ""


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day (UTC): turns that were asked, diagnoses by the word of their verdict, ratings, and
    the seconds that half and nineteen of twenty answers took at most."""

    day: date
    turns: int
    verdicts: dict[str, int]
    ups: int
    downs: int
    median_seconds: float
    slow_seconds: float


class Archive(Protocol):
    """Every method raises `StoreError`."""

    async def page(
        self, wanted: Wanted, scope: Scope, *, before: int | None = None, limit: int = 25
    ) -> ListPage: ...

    async def conversation(self, number: int, scope: Scope) -> Archived | None:
        """None where there is none that may be read."""
        ...

    async def number_of(self, turn_id: str) -> int | None:
        """The conversation that the turn is part of."""
        ...

    async def places(self) -> Sequence[str]:
        """All Dags that any turn is about, as `place_of` writes them."""
        ...

    async def days(self, scope: Scope, since: datetime, until: datetime) -> Sequence[DayFigures]:
        """Oldest first; days without a turn are left out."""
        ...

    async def causes(self, scope: Scope, since: datetime, limit: int) -> Sequence[tuple[str, int]]:
        """The most frequent causes since then, with how many turns had each."""
        ...
