"""What is exported to train and measure models: examples, how people judged them, snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.domain.questions import Origin
from bot.domain.targets import Target
from bot.domain.verdicts import RetryAdvice, VerdictKind


class Split(StrEnum):
    """What an example is for. What is tested on comes later in time than what is learnt from."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Judgement(StrEnum):
    """What people made of an answer. Silence is neither right nor wrong."""

    RIGHT = "right"
    WRONG = "wrong"
    CONTRADICTED = "contradicted"
    NONE = "none"


class Source(StrEnum):
    """Who says what the verdict should have been; the earlier in this list, the more it counts."""

    RESOLUTION = "resolution"  # an engineer who resolved the case
    RATING = "rating"  # thumbs
    RULES = "rules"  # the bot alone


class Left(StrEnum):
    """Why a turn stays out of a snapshot."""

    NO_CONSENT = "no consent covers its workspace and origin"
    OUTSIDER = "asked by a guest or over Slack Connect"
    OPTED_OUT = "its asker wants nothing kept"
    EXPIRED = "past its time to live"
    NO_LESSON = "no diagnosis or how-to answer"
    UNREADABLE = "stored in a form that this version cannot read"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a row comes from and how long it may be used. `consent` is the id of the record."""

    origin: Origin
    workspace: str
    consent: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Remark:
    """A message of the thread before the question, by its asker or by the bot."""

    by_bot: bool
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that was retrieved. `cause` is whose runbook it is, empty where it is none."""

    title: str
    text: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A verdict in a few words. `line` is what decided it, verbatim."""

    kind: VerdictKind
    cause: str
    confidence: float
    retry: RetryAdvice
    line: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What an engineer found out. `kind` and `cause` where they are known."""

    wrong: str
    fix: str
    kind: VerdictKind | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One turn as something to learn from, and what people made of it.

    `id` names the turn to nobody who does not have it. `fingerprint` is the same for turns about
    one incident. `said` is the bot's verdict, None for how-to questions; `evidence` is what it
    rested on, each line under the id by which the answer cites it, and `seen` the whole of that as
    a tree of JSON. `hosts` and `people` are names of machines and of people that occur in it.
    """

    id: str
    provenance: Provenance
    fingerprint: str
    asked_at: datetime
    language: str
    question: str
    answer: str
    evidence: str
    target: Target | None = None
    earlier: tuple[Remark, ...] = ()
    passages: tuple[Passage, ...] = ()
    said: Label | None = None
    judgement: Judgement = Judgement.NONE
    source: Source = Source.RULES
    correction: Correction | None = None
    seen: Mapping[str, Any] | None = None
    hosts: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    @property
    def truth(self) -> tuple[VerdictKind, str] | None:
        """The verdict and its cause as they should have been, as far as anybody says so; of an
        answer that nobody judged, what the bot said."""
        corrected = self.correction
        if corrected is not None and corrected.kind is not None:
            return corrected.kind, corrected.cause
        if self.said is None or self.judgement in (Judgement.WRONG, Judgement.CONTRADICTED):
            return None
        return self.said.kind, self.said.cause


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which turns an export is made of, by id and digest.

    `id` comes from these, from `left` and from `consents`, so it is the same wherever they are.
    `rows` is how many there were; `present` how many still are. `left` counts the turns that stayed
    out, by why. `consents` are the ids of the records that cover it, `ended` those of them that do
    not hold any more.
    """

    id: str
    created_at: datetime
    rows: int
    present: int
    consents: tuple[str, ...] = ()
    left: Mapping[Left, int] = field(default_factory=dict)
    ended: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all of it is there, and its consents hold. That no row of it has become another
        one since, only a look at each of them tells."""
        return self.rows == self.present and not self.ended

    @property
    def faults(self) -> tuple[str, ...]:
        """Why it is not whole."""
        gone = self.rows - self.present
        deleted = (f"{gone} of its {self.rows} conversations were deleted since",) if gone else ()
        ended = (f"consent {one} does not hold any more" for one in self.ended)
        return (*deleted, *ended)
