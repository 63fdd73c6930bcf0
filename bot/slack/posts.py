"""What is to be said in Slack and what came of it, as values that outlive the process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.answers import Reply
from bot.domain.gap_reports import GapReport
from bot.domain.questions import ThreadKey
from bot.domain.work import Job, Priority, Queue
from bot.slack.alert_values import AlertCard
from bot.slack.arrivals import Place
from bot.slack.case_values import CaseOffer
from bot.slack.escalation_values import Escalating
from bot.slack.growth_values import RunbookOffer
from bot.slack.jobs import MESSAGE, POST
from bot.slack.presses import Press, Words
from bot.slack.work_plan import WorkPlan

WORKING, SORRY, CALLED_OFF, ANSWER = 0, 1, 2, 3
"""Revisions of a message: a sign of work, an apology, word that an operator called the question
off, the answer; then one for each refinement. The greatest stands, so that no apology replaces an
answer."""

EDITION = 1_000
"""From one wording of a question to the next: revisions of answers to a later one are greater."""

LAST = 2**31 - 1
"""The revision of a page on which nothing is said any more."""

WITHDRAWN = "withdrawn"
"""In place of a ts: a sign of work was taken away before anything was said."""

NEVER = (0, 0)
_NO_WORDS = Words("")


class Face(StrEnum):
    """What is shown of a reply."""

    CARD = "card"
    ADDENDUM = "addendum"  # only what a model added to a card that stands
    EVIDENCE = "evidence"
    LOG_EXCERPT = "log_excerpt"
    SHARED = "shared"  # a card that its asker has shared with all


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to press under a notice."""

    label: str
    press: Press
    value: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A short message of our own."""

    text: str
    deeds: tuple[Deed, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """One state of one message.

    `key` is its page in the ledger and its mark in Slack; of several revisions the greatest stands.
    `turn_id` and the question's `words` come back with what is pressed. `whispers`: for the asker's
    eyes alone; `replaces` then puts it in place of the private card that was pressed.
    `may_be_refused`: that the bot is no member is told the caller rather than a failure. `is_sign`:
    a mere sign of work, tried once, and dropped where anything was said already. `tries`: how many
    jobs have tried to say it before. `redraw` names the reason where the message is to be shown
    anew in the very revision that stands, and nothing is said where it stands no more.
    `may_be_shared`: with a button that shows a whisper to all. `plan`: what was done for it stands
    above. `is_for_channel`: what is said in a thread is shown in its channel as well.
    """

    key: str
    revision: int
    place: Place
    content: Reply | Notice | Escalating | AlertCard | RunbookOffer | GapReport | CaseOffer
    face: Face = Face.CARD
    turn_id: str = ""
    workspace: str = ""
    words: Words = _NO_WORDS
    whispers: bool = False
    replaces: bool = False
    may_be_refused: bool = False
    is_sign: bool = False
    tries: int = 0
    redraw: str = ""
    may_be_shared: bool = False
    plan: WorkPlan | None = None
    is_for_channel: bool = False

    @property
    def mark(self) -> Mark:
        return Mark(self.key, self.revision)

    @property
    def thread(self) -> ThreadKey:
        return ThreadKey(self.workspace, self.place.channel, self.place.thread or "")


@dataclass(frozen=True, slots=True)
class Sent:
    """`ts` is where the message stands, None for a whisper or where Slack refused it, with its
    word for why in `refusal`. `is_new`: it was posted, not changed."""

    ts: str | None = None
    refusal: str = ""
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """Not said, or not known to be said: worth another try after so many seconds."""

    seconds: float


def post_job(post: Post, part_of: str = "", delay: float = 0.0) -> Job:
    """Each channel has a line of its own, in which Slack bears one message a second; what somebody
    asked goes before signs of work, and those before what nobody asked."""
    redraw = f":{post.redraw}" if post.redraw else ""
    again = f":{post.tries}" if post.tries else ""
    return Job(
        key=f"{post_key(post.key, post.revision)}{redraw}{again}",
        kind=POST,
        body=post,
        queue=Queue.POSTS,
        share=post.place.channel,
        priority=_priority(post),
        delay=delay,
        part_of=part_of,
    )


def post_key(key: str, revision: int) -> str:
    """The key of the job that was the first to say this revision."""
    return f"post:{key}:{revision}"


def message_job(post: Post, key: str, part_of: str = "") -> Job:
    """For what belongs to no work that waits until it is said: sees to that itself."""
    return Job(
        key=key,
        kind=MESSAGE,
        body=post,
        queue=Queue.FAILURES,
        share=key,
        priority=_priority(post),
        part_of=part_of,
    )


def _priority(post: Post) -> int:
    if post.is_sign:
        return Priority.REMARK
    return Priority.ASKED if post.place.user else Priority.REPORTED


@dataclass(frozen=True, slots=True)
class Mark:
    """What is written on a message of ours, unseen, so that it can be found again."""

    key: str
    revision: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a message of ours stands, and which revision it shows."""

    ts: str
    revision: int


def newest(found: Iterable[Standing]) -> Standing | None:
    """The one posted last."""
    return max(found, key=lambda one: order_of(one.ts), default=None)


def order_of(ts: str) -> tuple[int, int]:
    """A ts as numbers: as text, "9.2" would come after "10.1". `NEVER` for what is no ts."""
    seconds, _, rest = ts.partition(".")
    return (
        int(seconds) if seconds.isdecimal() else 0,
        int(rest) if rest.isdecimal() else 0,
    )
