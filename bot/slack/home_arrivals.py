"""Small work that is no question: what arrives from the Home tab, over the messages, with links."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.questions import Asker

HOME = "home"
"""The kind of job that does what concerns the Home tab, and the prompts over the messages."""
UNFURL = "unfurl"
"""The kind of job that shows how things stand under links to them."""


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """Somebody looks at their Home. `hash` is of what they see, "" where there is nothing yet."""

    asker: Asker
    workspace: str
    key: str
    hash: str = ""


@dataclass(frozen=True, slots=True)
class MessagesOpened:
    """Somebody looks at their direct messages with the bot. `channel` is "" where Slack does not
    say which these are, `beside` the channel that they look at meanwhile, "" for none. `thread` is
    theirs in a workspace that shows the older assistant, each of whose threads has prompts."""

    asker: Asker
    workspace: str
    channel: str
    key: str
    beside: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True)
class PatternsSet:
    """Somebody says which Dags are theirs."""

    asker: Asker
    workspace: str
    patterns: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class KeepingSet:
    """Somebody says whether what they say may be kept."""

    asker: Asker
    workspace: str
    keeps: bool
    key: str


HomeErrand = HomeOpened | MessagesOpened | PatternsSet | KeepingSet


@dataclass(frozen=True, slots=True)
class LinksShared:
    """Somebody shared links of ours; `where` is how Slack wants the place named."""

    asker: Asker
    workspace: str
    channel: str
    urls: tuple[str, ...]
    where: tuple[tuple[str, str], ...]
    key: str


Errand = HomeErrand | LinksShared


@dataclass(frozen=True, slots=True)
class PatternsWanted:
    """The form for somebody's Dags; `trigger_id` opens it within three seconds."""

    asker: Asker
    workspace: str
    trigger_id: str
