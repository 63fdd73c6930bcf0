"""What arrives from Slack, as values: parsed once at the door, picked at by nobody after that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.conversations import Rating
from bot.domain.questions import Question


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in this workspace, as `auth.test` says."""

    user_id: str
    bot_id: str
    team_id: str
    enterprise_id: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reply goes, in plain values so that it can be stored and found again.

    `thread` None: the reply opens a thread of its own (a slash command). `asked_in` is the ts of
    the asker's message, where there is one. `is_private`: for the asker's eyes only. `echo` is
    what was asked, where others cannot see it; `lead` stands above what nobody asked for, `note`
    below every reply.
    """

    channel: str
    user: str
    thread: str | None = None
    asked_in: str | None = None
    response_url: str | None = None
    is_private: bool = False
    echo: str = ""
    lead: str = ""
    note: str = ""


class Way(StrEnum):
    """How a question reached the bot."""

    MENTION = "mention"
    DIRECT = "direct"
    FOLLOW_UP = "follow_up"  # in a thread, without a mention; answered only where engaged
    AGAIN = "again"  # the button under an apology


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in words."""

    question: Question
    place: Place
    way: Way

    @property
    def key(self) -> str:
        """The same for every delivery of the same question, `message` and `app_mention` alike.

        A remark has one of its own: edited to call the bot, it comes again as a mention.
        """
        remark = self.way is Way.FOLLOW_UP
        return f"{self.question.id}:remark" if remark else self.question.id


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command; its subcommand is the question's intent."""

    question: Question
    place: Place

    @property
    def key(self) -> str:
        return self.question.id


@dataclass(frozen=True, slots=True)
class Pick:
    """One of the offered targets was chosen; `question` says by whom and where."""

    turn_id: str
    option: int
    question: Question
    place: Place

    @property
    def key(self) -> str:
        return self.question.id


class Button(StrEnum):
    """Buttons that show more of a turn."""

    EVIDENCE = "evidence"
    LOG_EXCERPT = "log_excerpt"


@dataclass(frozen=True, slots=True)
class ButtonPress:
    button: Button
    turn_id: str
    place: Place
    key: str


@dataclass(frozen=True, slots=True)
class RatingPress:
    """A thumb, or the form that asked what was wrong, sent; that has no place.

    `trigger_id` opens a form within three seconds of the press.
    """

    rating: Rating
    key: str
    place: Place | None = None
    trigger_id: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing for us; `reason` is for the log."""

    reason: str


Arrival = Asked | Command | Pick | ButtonPress | RatingPress | Ignored
