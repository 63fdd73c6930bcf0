"""What was asked, by whom and where; the same value for Slack, the CLI and webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.targets import Target


class Origin(StrEnum):
    """Where a conversation took place; kept with every stored row."""

    SLACK = "slack"
    PLAYGROUND = "playground"
    CLI = "cli"
    WEBHOOK = "webhook"


class Intent(StrEnum):
    DIAGNOSE = "diagnose"
    STATUS = "status"
    LOGS = "logs"
    HOW_TO = "how_to"
    HEALTH = "health"
    BACKFILL = "backfill"
    RETRY = "retry"
    ESCALATE = "escalate"
    RUNBOOK = "runbook"
    MINE = "mine"
    ON_CALL = "on_call"
    INCIDENTS = "incidents"
    ALIKE = "alike"
    SETTINGS = "settings"
    HELP = "help"
    SMALL_TALK = "small_talk"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Asker:
    """`user_id` is Slack's, or the login name at the terminal. External: Slack Connect, guest."""

    user_id: str
    team_id: str = ""
    is_external: bool = False


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """One conversation. `thread` is the ts of its first message (Slack) or a made-up id."""

    workspace: str
    channel: str
    thread: str


class Author(StrEnum):
    ASKER = "asker"
    OTHER = "other"
    BOT = "bot"
    APP = "app"  # another app, e.g. an alert by Airflow's notifier


@dataclass(frozen=True, slots=True)
class EarlierMessage:
    """A message of the thread before the question, oldest first; text flattened and redacted."""

    author: Author
    text: str
    ts: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One thing asked. `id` is workspace:channel:ts, the key under which it is answered once.

    `text` is plain: mentions of the bot removed, Slack's markup undone, secrets masked. `links`
    are the URLs in it. `intent` is set where the surface says it (a slash command, a button).
    `chosen` is a target picked by button; nothing needs to be worked out then. `is_private`: the
    answer is for the asker's eyes alone. `is_shared`: people of other organisations read along.
    `language` is the code of the answer's, empty for English.
    """

    id: str
    origin: Origin
    asker: Asker
    thread: ThreadKey
    message_ts: str
    text: str
    asked_at: datetime
    links: tuple[str, ...] = ()
    earlier: tuple[EarlierMessage, ...] = ()
    intent: Intent | None = None
    is_direct: bool = False  # a DM: no thread etiquette needed
    chosen: Target | None = None
    is_addressed: bool = True  # False: a follow-up that calls nobody, in an engaged thread
    is_private: bool = False
    is_shared: bool = False
    language: str = ""
