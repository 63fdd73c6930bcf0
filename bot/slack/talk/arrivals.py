"""What people do with messages, as values: each says under which key it is done once.

Keys of what holds words have the message's own in them, so that all words about a message are
found when it is deleted; the others are written with slashes and are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.conversations import Rating
from bot.domain.questions import ThreadKey
from bot.services.talk import MessageKey
from bot.slack.arrivals import Asked, Place


class Sign(StrEnum):
    """What a reaction on an answer says."""

    UP = "up"
    DOWN = "down"
    SOLVED = "solved"
    KEEP_OUT = "keep_out"


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction on a message of ours came, or went. `name` is Slack's, with its skin tone."""

    message: MessageKey
    user: str
    name: str
    sign: Sign
    at: datetime
    ts: str
    is_on: bool

    @property
    def key(self) -> str:
        one = self.message
        deed = "on" if self.is_on else "off"
        return "/".join(
            ("reaction", one.workspace, one.channel, one.ts, self.user, self.name, self.ts, deed)
        )


@dataclass(frozen=True, slots=True)
class Edited:
    """A question has other words now: those of `asked`."""

    asked: Asked

    @property
    def key(self) -> str:
        return f"{self.asked.question.id}:edited:{self.asked.wording}"


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message is gone. `thread` is the one that it stood in, or opened. `is_ours_to_know`: it
    called the bot or was said to it alone; others concern us only where we are engaged."""

    message: MessageKey
    thread: ThreadKey
    is_ours_to_know: bool

    @property
    def key(self) -> str:
        one = self.message
        return "/".join(("deleted", one.workspace, one.channel, one.ts))


@dataclass(frozen=True, slots=True)
class ChannelGone:
    """A channel was deleted, or the bot is no longer in it, since `at`, a ts."""

    workspace: str
    channel: str
    at: str

    @property
    def key(self) -> str:
        return "/".join(("channel gone", self.workspace, self.channel, self.at))


@dataclass(frozen=True, slots=True)
class KeepOut:
    """Somebody told the bot to leave the thread, or with `out` False to come back. `said_in` is
    the ts of the message with these words, None for a button. `is_addressed`: the bot was called,
    so that it is certain that it was meant."""

    thread: ThreadKey
    place: Place
    at: str
    said_in: str | None = None
    is_addressed: bool = True
    out: bool = True

    @property
    def key(self) -> str:
        thread, word = self.thread, "keep out" if self.out else "come back"
        return "/".join((word, thread.workspace, thread.channel, thread.thread, self.at))


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody wants the work on a question to end; with `question_id` "" all in the thread, and
    where that is "" as well all that they asked in the channel by then."""

    thread: ThreadKey
    place: Place
    at: str
    question_id: str = ""

    @property
    def key(self) -> str:
        thread = self.thread
        what = self.question_id.replace(":", "/") or thread.thread
        return "/".join(("stop", thread.workspace, thread.channel, what, self.place.user, self.at))


@dataclass(frozen=True, slots=True)
class Solved:
    """The button under an answer, or under the thanks for it, which takes it back."""

    turn_id: str
    place: Place
    at: str
    is_solved: bool = True

    @property
    def key(self) -> str:
        word = "solved" if self.is_solved else "not solved"
        return "/".join((word, self.turn_id.replace(":", "/"), self.place.user, self.at))


@dataclass(frozen=True, slots=True)
class TellMore:
    """Somebody wants to say what was wrong, having said by a reaction that something was."""

    rating: Rating
    place: Place
    trigger_id: str

    @property
    def key(self) -> str:
        rating = self.rating
        turn = rating.turn_id.replace(":", "/")
        return "/".join(("tell more", turn, rating.user_id, rating.at.isoformat()))


Talk = Reaction | Edited | Deleted | ChannelGone | KeepOut | Stop | Solved | TellMore
"""All of these."""
