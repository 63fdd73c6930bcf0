"""The door to what is kept of escalations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.answers import Reply
from bot.domain.conversations import Turn
from bot.domain.escalation_course import Advanced, Refused
from bot.domain.escalation_rules import Occurrence
from bot.domain.escalations import (
    Call,
    Deed,
    Escalation,
    Party,
    ReachCount,
    State,
    Truth,
)
from bot.domain.questions import Question, ThreadKey
from bot.domain.targets import Target
from bot.services.ports import Steps


@dataclass(frozen=True, slots=True)
class Called:
    """What a call came to: it opened an escalation, joined one, or was counted before."""

    escalation: Escalation
    is_new: bool = False
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Concern:
    """An escalation and where somebody follows it: the thread in which they asked, the card's for
    whoever has it; None where there is none yet."""

    escalation: Escalation
    thread: ThreadKey | None = None


@dataclass(frozen=True, slots=True)
class DeedDone:
    """A deed with its place in the order of all that was done."""

    number: int
    deed: Deed


@dataclass(frozen=True, slots=True)
class Card:
    """Where the card of an escalation stands in the channel of those on call."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class BridgedThread:
    """A thread from which words are carried, and since when. `is_over`: those that were carried
    change and go with theirs still, but no more are. `workspace` "" is that of those on call."""

    channel: str
    ts: str
    since: datetime
    is_over: bool = False
    workspace: str = ""


class Escalations(Protocol):
    """Escalations and all that was done about them. Whatever a change brings about is handed in as
    durable work together with it. Raises `StoreError`."""

    async def call(self, call: Call) -> Called:
        """Opens an escalation or joins the one that is open for the same incident; once."""
        ...

    async def do(
        self, escalation_id: str, deed: Deed, truth: Truth | None = None
    ) -> Advanced | Refused:
        """Does `deed` once under its key, and keeps the truth of the case with it. Done before, it
        says how things stand now."""
        ...

    async def get(self, escalation_id: str) -> Escalation | None: ...

    async def counted(self, escalation_id: str) -> Escalation | None:
        """The escalation, whose count is about to be shown: who joins later has it shown anew."""
        ...

    async def list(
        self, states: Collection[State] = (), limit: int = 50, offset: int = 0
    ) -> Sequence[Escalation]:
        """Newest first; all states where none is named."""
        ...

    async def of_incident(self, incident: str) -> Escalation | None:
        """The one that others of the same incident join; None where there is none."""
        ...

    async def of_thread(
        self, thread: ThreadKey, *, over: bool | None = False
    ) -> Sequence[Escalation]:
        """Those that are not over, or those that are, or with None both, and concern that thread,
        as a party's or as the card's, newest first."""
        ...

    async def concerning(self, workspace: str, user_id: str) -> Sequence[Concern]:
        """Those that are not over and concern somebody: they asked there, or have it. Newest
        first."""
        ...

    async def bridged(
        self, over_since: datetime | None = None, limit: int = 200
    ) -> Sequence[BridgedThread]:
        """The threads of those that are not over, or were not until `over_since`: theirs who asked
        and the cards', of the newest escalations first."""
        ...

    async def parties(
        self, escalation_id: str, limit: int = 100, offset: int = 0
    ) -> Sequence[Party]:
        """In the order in which they joined."""
        ...

    async def party_count(self, escalation_id: str) -> int: ...

    async def party(self, escalation_id: str, thread: ThreadKey) -> Party | None:
        """None where that thread is none of its."""
        ...

    async def move_party(self, escalation_id: str, of: ThreadKey, to: ThreadKey) -> None:
        """Names the thread that was opened for somebody; one that is there already stays alone."""
        ...

    async def deeds(
        self, escalation_id: str, limit: int = 100, offset: int = 0
    ) -> Sequence[DeedDone]:
        """Oldest first."""
        ...

    async def reach(self, escalation_id: str) -> tuple[ReachCount, ...]: ...

    async def truth(self, escalation_id: str) -> Truth | None: ...

    async def put_card(self, escalation_id: str, card: Card) -> None: ...

    async def card(self, escalation_id: str) -> Card | None: ...

    async def occurred(
        self, incident: str, key: str, occurrence: Occurrence, window: timedelta
    ) -> Sequence[Occurrence]:
        """Keeps one failure of `incident` under its `key`, once; returns all of the last `window`,
        some hundreds at most."""
        ...

    async def forget(self, fragment: str) -> Sequence[str]:
        """Takes the words out of those that were opened by a message, or by one of a channel, whose
        key begins with `fragment`; returns their ids."""
        ...

    async def unname(self, workspace: str, user_id: str) -> None:
        """Takes the name of whoever asked there out of what is kept; of those who are told in
        private once the escalation is over."""
        ...

    async def tidy(self, before: datetime) -> int:
        """Forgets what was over before then, unless it is known what was true; returns how many
        escalations that were."""
        ...


class Humans(Protocol):
    """Whoever calls a human when one is needed."""

    async def asked(self, question: Question, reference: str) -> Reply:
        """Somebody asked for a human: says where that stands now."""
        ...

    async def subject(self, question: Question) -> Target | None:
        """What somebody would be called about, as far as the thread tells. Raises `StoreError`."""
        ...

    async def answered(self, turn: Turn, steps: Steps) -> None:
        """Calls somebody where the answer of `turn` does not help, or counts against a threshold.
        Never raises: the answer stands."""
        ...


class EscalationMeter(Protocol):
    """What is counted of escalations; never raises and never waits."""

    def opened(self, rule: str) -> None: ...

    def joined(self) -> None: ...

    def acknowledged(self, seconds: float) -> None:
        """For the first time, `seconds` after it was opened."""
        ...

    def ended(self, state: str) -> None:
        """resolved or expired."""
        ...

    def paged(self, source: str, outcome: str) -> None: ...


class NoEscalationMeter(EscalationMeter):
    """Everything is heard and nothing is kept."""

    def opened(self, rule: str) -> None:
        pass

    def joined(self) -> None:
        pass

    def acknowledged(self, seconds: float) -> None:
        pass

    def ended(self, state: str) -> None:
        pass

    def paged(self, source: str, outcome: str) -> None:
        pass
