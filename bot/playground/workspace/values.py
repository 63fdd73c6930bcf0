"""What exists in the local workspace: people, channels, messages, files and views, all frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = dict[str, Any]
"""An object as it travels over Slack's wire; blocks and payloads stay in this form."""


class ChannelKind(StrEnum):
    """The word that Slack puts into `channel_type`."""

    PUBLIC = "channel"
    PRIVATE = "group"
    DIRECT = "im"


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str  # the handle, without "@"
    real_name: str
    title: str = ""
    is_bot: bool = False
    is_guest: bool = False  # of one channel or several
    is_admin: bool = False
    locale: str = "en-US"
    team: str = ""  # of another organisation, with which a channel is shared

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"


@dataclass(frozen=True, slots=True)
class Channel:
    id: str
    name: str
    kind: ChannelKind
    members: frozenset[str]
    topic: str = ""
    created: int = 0  # epoch seconds
    is_shared: bool = False  # with another organisation
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Reaction:
    name: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edited:
    user: str
    ts: str


@dataclass(frozen=True, slots=True)
class Stream:
    """A message that still grows. `opened_at` and `touched_at` are epoch seconds."""

    opened_at: float
    recipient: str | None
    task_display_mode: str
    chunks: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `ts` is its id in the channel; `ephemeral_to` hides it from everybody else."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    thread_ts: str | None = None
    subtype: str | None = None
    client_msg_id: str | None = None
    bot_id: str | None = None
    edited: Edited | None = None
    reactions: tuple[Reaction, ...] = ()
    files: tuple[str, ...] = ()  # ids
    metadata: Json | None = None
    ephemeral_to: str | None = None
    stream: Stream | None = None

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def root_ts(self) -> str:
        """The ts of the thread that this message is, or would be, part of."""
        return self.thread_ts or self.ts


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: str
    name: str
    title: str
    mimetype: str
    user: str
    created: int
    content: bytes
    alt_text: str = ""
    snippet_type: str = ""
    channels: tuple[str, ...] = ()
    shared: bool = False  # False between upload and completion


@dataclass(frozen=True, slots=True)
class View:
    """A modal or a Home tab as one person sees it; `definition` is what the app sent."""

    id: str
    hash: str
    user: str
    definition: Json
    root_id: str
    previous_id: str | None = None
    values: Json | None = None  # what was typed in, by block and action id
    errors: Json | None = None  # what the app refused, by block id

    @property
    def kind(self) -> str:
        return str(self.definition["type"])


@dataclass(frozen=True, slots=True)
class Status:
    """The line that says what the assistant is doing; "" clears it. `at` is epoch seconds."""

    channel: str
    thread_ts: str
    text: str
    at: float
    loading_messages: tuple[str, ...] = ()
    can_stop: bool = False


@dataclass(frozen=True, slots=True)
class Prompts:
    """Suggested prompts of a direct-message channel."""

    channel: str
    title: str
    prompts: tuple[Json, ...]
