"""Work that outlives the process which took it on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.questions import ThreadKey


class Queue(StrEnum):
    """Where work waits. Each has limits of its own, so that none holds up another."""

    QUESTIONS = "questions"  # what people asked or pressed
    FAILURES = "failures"  # what Airflow reported by itself; comes in storms
    POSTS = "posts"  # messages to Slack, at most one a second in each channel
    LATER = "later"  # what somebody waits for at its time, and tidying up
    WATCHES = "watches"  # what asks Airflow from time to time, however slow it answers


class Priority:
    """Smaller goes first."""

    ASKED = 1
    REMARK = 2
    REPORTED = 50


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of durable work, done once under its `key` however often it is handed in.

    `kind` names who does it, `body` is a frozen value that they understand. Work of one `share` of
    a queue (a thread, a channel) is done one after the other, in the order of arrival. `delay` is
    in seconds. `part_of` is the key of the work that brought this about, empty where it came from
    outside: logs and traces of both are found together.
    """

    key: str
    kind: str
    body: object
    queue: Queue
    share: str
    priority: int = Priority.ASKED
    delay: float = 0.0
    part_of: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a piece of work arrived: kept in the inbox, for de-duplication and for questions later.

    `event_id` is the sender's own, empty where it has none. `thread` is where an answer will go,
    None where that is not known yet. `engages`: the bot becomes part of that thread.
    """

    origin: str
    event_id: str = ""
    thread: ThreadKey | None = None
    user_id: str = ""
    engages: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """How a step is tried: at most `attempts` times, first after `pause` seconds, each pause twice
    the one before, up to `longest`; each try may take `seconds`."""

    attempts: int = 1
    pause: float = 1.0
    seconds: float = 60.0
    longest: float = 60.0


ONCE = Retry()
FOR_A_DAY = Retry(attempts=2_886, pause=0.5, seconds=60.0, longest=30.0)
"""For what nobody would hear of if it failed."""

HANDED_IN = 3
"""How often at most work is handed in where nobody would hear of it if it failed for good."""


_AGAIN = "+"


def again(key: str, failed: int) -> str:
    """The key for work that has `failed` so often before: a key that is taken changes nothing."""
    return key + _AGAIN * failed


def first_key(key: str) -> str:
    """The key under which the work of `key` was handed in for the first time."""
    return key.rstrip(_AGAIN)


def failed_before(key: str) -> int:
    """How often the work of this key had failed before, by the key itself."""
    return len(key) - len(first_key(key))


FORGET = "forget"
"""The kind of the job that deletes what durable work has written down. It goes on where the work
that handed it in is called off: its words are kept no longer for that."""

CALLED_OFF = "called_off"
"""The kind of the job that follows on work which somebody cancels: that work's body, and its key
as `part_of`. It is handed in first, so whoever does it looks whether the work was cancelled. Signs
of work may still stand, and whoever asked was told nothing. Work of any kind may be cancelled, so
there is nothing to do about bodies that nobody waits for."""


class WorkStatus(StrEnum):
    WAITING = "waiting"  # in its queue, or not due yet
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """`oldest` is the age of what waits longest, in seconds; 0 where nothing waits."""

    queue: str
    status: WorkStatus
    count: int
    oldest: float
