"""What is kept of a human who was called: one escalation for each incident, and all that was done
about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

from bot.domain.oncall import PageStatus
from bot.domain.questions import ThreadKey
from bot.domain.references import reference_of
from bot.domain.verdicts import VerdictKind
from bot.words import say

_DIRECT = "D"  # how Slack's ids of direct messages begin


class State(StrEnum):
    """Where an escalation stands."""

    OPEN = "open"  # nobody has acknowledged it
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"  # the harm has stopped, the cause may stand
    HANDED_ON = "handed_on"  # to somebody who has not acknowledged it yet
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    EXPIRED = "expired"  # nobody did anything for too long

    @property
    def is_over(self) -> bool:
        return self in (State.RESOLVED, State.EXPIRED)


WAITING = frozenset({State.OPEN, State.HANDED_ON})
"""Where somebody has to acknowledge it."""


class Severity(IntEnum):
    """How much it matters that somebody looks now; the greater one counts where several meet."""

    LOW = 1
    NORMAL = 2
    HIGH = 3


class Rule(StrEnum):
    """Why a human is called; for nothing else one is."""

    ASKED_FOR = "asked_for"
    UNKNOWN = "unknown"
    LOW_CONFIDENCE = "low_confidence"
    THRESHOLD = "threshold"
    DOWN_TWICE = "down_twice"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Fired:
    """The rule that fired, with what it fired on in one sentence, whose `values` have names."""

    rule: Rule
    words: str
    values: tuple[tuple[str, str], ...] = ()

    def said(self) -> str:
        """In the language of here."""
        return say(self.words, **{name: say(value) for name, value in self.values})


@dataclass(frozen=True, slots=True)
class Subject:
    """What it is about, as far as was known when it was opened; texts are plain and redacted.

    `turn_id` names the turn whose diagnosis and evidence go with it, empty where there is none.
    `owner` is who the verdict says has to act: "platform", "dag_owner" or a team.
    """

    title: str
    question: str = ""
    turn_id: str = ""
    verdict: VerdictKind | None = None
    cause: str = ""
    owner: str = ""
    dag_owners: tuple[str, ...] = ()


class Touched(StrEnum):
    """What an incident reaches."""

    CLUSTER = "cluster"
    DAG = "dag"
    RUN = "run"
    TASK = "task"
    DOWNSTREAM = "downstream"  # a task that waits for one that failed
    ASSET = "asset"  # that was not written
    WAITING_DAG = "waiting_dag"  # another Dag, which waits for one of these


@dataclass(frozen=True, slots=True)
class Reach:
    """One thing that an incident reaches; `name` is unique among those of its kind."""

    kind: Touched
    name: str


@dataclass(frozen=True, slots=True)
class ReachCount:
    """How many things of a kind an incident reaches, and the first few of them by name."""

    kind: Touched
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Party:
    """A thread whose people are told how it stands. `message` is the key of the message that says
    so, empty for one of its own. `user_id` is who asked, empty where nobody did.

    A thread without a channel is one to be opened in the direct messages of `user_id`.
    """

    thread: ThreadKey
    user_id: str
    message: str = ""
    turn_id: str = ""

    @classmethod
    def alone(cls, workspace: str, user_id: str) -> Party:
        """Of somebody whose question nobody else sees."""
        return cls(ThreadKey(workspace, "", f"@{user_id}"), user_id)

    @property
    def is_alone(self) -> bool:
        return not self.thread.channel

    @property
    def is_direct(self) -> bool:
        """Whether nobody else sees its thread."""
        return self.thread.channel.startswith(_DIRECT)

    def told_of(self, escalation_id: str) -> Party:
        """With the message of its own named."""
        if self.message:
            return self
        thread = self.thread
        named = f"escalation:{escalation_id}:status:{thread.channel}:{thread.thread}"
        return replace(self, message=named)


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody is to be called. Counted once under its `key`; calls of one `incident` join one
    escalation. `first` is whom to hand it to before anybody on call, Slack's user id. With
    `is_nameless` it is not kept who did; they are told all the same."""

    key: str
    incident: str
    fired: Fired
    severity: Severity
    subject: Subject
    at: datetime
    party: Party | None = None
    reach: tuple[Reach, ...] = ()
    first: str = ""
    is_nameless: bool = False

    @property
    def by(self) -> str:
        """Who called, as far as that is kept."""
        return self.party.user_id if self.party is not None and not self.is_nameless else ""


def id_of(call: Call) -> str:
    """What the escalation is called that this call opens: eight letters, fit to be read aloud."""
    return reference_of(call.key) + reference_of(f"{call.incident}\n{call.key}")[:2]


class Kind(StrEnum):
    """What can be done to an escalation, or happen to it."""

    OPENED = "opened"
    JOINED = "joined"
    LEVEL_RAISED = "level_raised"
    CHANNEL_CALLED = "channel_called"
    REMINDED = "reminded"
    WOKEN = "woken"
    EXPIRED = "expired"
    PAGED = "paged"
    PAGE_FAILED = "page_failed"
    CARD_REFUSED = "card_refused"
    CARD_SHOWN = "card_shown"
    ACKNOWLEDGED = "acknowledged"
    TAKEN_OVER = "taken_over"
    HANDED_ON = "handed_on"
    SNOOZED = "snoozed"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    EXPLAINED = "explained"
    REOPENED = "reopened"
    FORGOTTEN = "forgotten"  # the words of whoever asked, who has deleted them


ASKING = frozenset({Kind.OPENED, Kind.JOINED})
"""What somebody does by asking."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Done once under its `key`, however often and by however many it is tried.

    `by` and `to` are Slack's user ids, `by` empty where time did it. `seen` is the number of
    `hands` that its doer saw, None where they saw none; `moves` the same for deeds of time, which
    hold for one moment of the escalation only. `until` is when a snooze ends, `level` what was
    paged, `names` who, `link` the pager's own page; `is_tried_again` where another try is to come.
    """

    key: str
    kind: Kind
    at: datetime
    by: str = ""
    to: str = ""
    until: datetime | None = None
    words: str = ""
    seen: int | None = None
    moves: int | None = None
    level: int = 0
    names: tuple[str, ...] = ()
    status: PageStatus | None = None
    severity: Severity | None = None
    link: str = ""
    is_tried_again: bool = False


@dataclass(frozen=True, slots=True)
class PageNote:
    """What became of the newest page. `reason` says what went wrong, where something did. `link` is
    the pager's own page of it."""

    level: int
    status: PageStatus
    names: tuple[str, ...] = ()
    reason: str = ""
    link: str = ""
    is_tried_again: bool = False

    @property
    def is_nobody(self) -> bool:
        """Whether nobody is on call at that level."""
        return self.status is PageStatus.NAMED and not self.names


@dataclass(frozen=True, slots=True)
class Escalation:
    """One incident for which a human was called. Times are UTC.

    `level` is who was called last, 0 nobody yet. `since` is when the present waiting began,
    `touched_at` when a person last did something. `count` is of the calls that joined. `moves`
    counts what changed the course, `hands` what people did, `version` what changed at all. `fault`
    is why those on call cannot see it, empty where they can. `openings` counts how often it was
    opened.
    """

    id: str
    key: str
    state: State
    severity: Severity
    fired: Fired
    subject: Subject
    opened_at: datetime
    since: datetime
    touched_at: datetime
    joined_at: datetime
    level: int = 0
    is_channel_called: bool = False
    reminders: int = 0
    responder: str = ""
    snoozed_until: datetime | None = None
    page: PageNote | None = None
    count: int = 1
    moves: int = 0
    hands: int = 0
    version: int = 1
    fault: str = ""
    openings: int = 1

    @property
    def pager_key(self) -> str:
        """What pagers know it by: another one each time it is opened, since they call nobody for
        what was resolved."""
        return self.id if self.openings == 1 else f"{self.id}-{self.openings}"


class WasRight(StrEnum):
    """Whether the bot's verdict was right, by whoever resolved the case."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    NOT_SAID = "not_said"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a human found out: the truth of the case. Texts are plain and redacted."""

    escalation: str
    by: str
    at: datetime
    was_wrong: str
    fixed_by: str
    bot: WasRight
    cause: str = ""
