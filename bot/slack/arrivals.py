"""What arrives from Slack, as values: parsed once at the door, picked at by nobody after that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.channel_policies import ChannelPolicy
from bot.domain.conversations import Rating
from bot.domain.questions import Asker, Intent, Question
from bot.slack.case_values import CasePressed
from bot.slack.escalation_values import Attached
from bot.slack.growth_values import DraftPressed
from bot.slack.home_arrivals import Errand, PatternsWanted
from bot.words import Sentence


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
    below every reply. `may_be_closed`: the bot may be no member there; then it answers in private.
    An empty `channel` is the asker's direct messages. `language` is the code of its fixed words,
    empty where that is still to be found out. `may_keep_out`: the bot was not called, so that below
    its reply people can send it away. `is_direct`: the asker's direct messages with the bot.
    `mistyped` is the word that is none of the commands, and the command nearest to it. `pressed_at`
    is the moment of the press by which it was asked, as Slack writes it.
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
    may_be_closed: bool = False
    language: str = ""
    may_keep_out: bool = False
    is_direct: bool = False
    mistyped: tuple[str, ...] = ()
    pressed_at: str | None = None

    @property
    def grows_after(self) -> str | None:
        """The moment since when a message there may grow into the answer; None where none does:
        what only one person sees is for direct messages."""
        return (self.asked_in or self.pressed_at) if self.is_direct else None


class Way(StrEnum):
    """How a question reached the bot."""

    MENTION = "mention"
    DIRECT = "direct"
    FOLLOW_UP = "follow_up"  # in a thread, without a mention; answered only where engaged
    ASIDE = "aside"  # in a thread, to somebody else; never answered
    AGAIN = "again"  # the button under an apology
    SHORTCUT = "shortcut"  # on a message, of an app or a person


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in words. `wording` is Slack's time of the edit that brought these, "" as first
    said; `is_edited`: they are answered in place of those before. `said` are the words with the ids
    of those whom they mention, None where these are the question's."""

    question: Question
    place: Place
    way: Way
    files: tuple[Attached, ...] = ()
    wording: str = ""
    is_edited: bool = False
    said: str | None = None

    @property
    def key(self) -> str:
        """The same for every delivery of the same question, `message` and `app_mention` alike.

        A remark has one of its own: edited to call the bot, it comes again as a mention.
        """
        if self.is_edited:
            return f"{self.question.id}:edit:{self.wording}"
        remark = self.way in (Way.FOLLOW_UP, Way.ASIDE)
        return f"{self.question.id}:remark" if remark else self.question.id


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command, or the form in place of one; its subcommand is the question's intent.

    `trigger_id` opens a form within three seconds of the command.
    """

    question: Question
    place: Place
    trigger_id: str = ""

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
    """Buttons that show more of a turn, or show it to others."""

    EVIDENCE = "evidence"
    LOG_EXCERPT = "log_excerpt"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """`asker` is who pressed."""

    button: Button
    turn_id: str
    place: Place
    key: str
    asker: Asker | None = None


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


@dataclass(frozen=True, slots=True)
class FormWanted:
    """The form that asks what is to be looked at; its answer goes to `place`, or where the form
    says if that has no channel. `words` is what was said already."""

    trigger_id: str
    intent: Intent
    place: Place
    words: str = ""


@dataclass(frozen=True, slots=True)
class NamesWanted:
    """Somebody types the name of a Dag into a form; `cluster` is "" for all."""

    asker: Asker
    words: str
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class TasksWanted:
    """Somebody types the name of a task into a form; `dag_id` is "" before a Dag is chosen."""

    asker: Asker
    words: str
    cluster: str = ""
    dag_id: str = ""


@dataclass(frozen=True, slots=True)
class FormFaulty:
    """A form that cannot be taken as it is: what is wrong, by block id; and whose form it is."""

    faults: tuple[tuple[str, Sentence], ...]
    place: Place
    workspace: str


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """The form for a channel's settings, sent. `place` names the channel and who sent it."""

    asker: Asker
    place: Place
    policy: ChannelPolicy
    key: str


@dataclass(frozen=True, slots=True)
class Overheard:
    """A message that called nobody and looks like a question. Its words are not kept."""

    asker: Asker
    workspace: str
    channel: str
    ts: str
    is_shared: bool = False

    @property
    def key(self) -> str:
        return f"{self.workspace}:{self.channel}:{self.ts}:overheard"


AtOnce = FormWanted | NamesWanted | TasksWanted | FormFaulty | PatternsWanted
"""What is answered while Slack waits, and is no work beyond that: nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class WorkspaceGone:
    """The app was taken out of a workspace at `at`, UTC."""

    workspace: str
    at: datetime

    @property
    def key(self) -> str:
        # Slack says it twice, as two events of about the same moment.
        return "/".join(("workspace gone", self.workspace, f"{self.at:%Y-%m-%dT%H:%M:%S}"))


Beside = PolicyChange | Overheard | WorkspaceGone | DraftPressed | CasePressed
"""What is work of a kind of its own."""

Arrival = Asked | Command | Pick | ButtonPress | RatingPress | Errand | Beside | AtOnce | Ignored
