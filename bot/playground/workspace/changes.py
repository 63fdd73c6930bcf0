"""Everything that can happen to the workspace: one frozen value for each kind of change."""

from __future__ import annotations

from dataclasses import dataclass

from bot.playground.workspace.values import (
    Channel,
    Message,
    Person,
    Prompts,
    Status,
    StoredFile,
    View,
)


@dataclass(frozen=True, slots=True)
class ChannelOpened:
    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """Shared with another organisation, archived, or no more."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class PersonChanged:
    """Somebody is a guest now, of another organisation, or one of our own."""

    person: Person


@dataclass(frozen=True, slots=True)
class MemberJoined:
    channel: str
    user: str
    inviter: str | None = None


@dataclass(frozen=True, slots=True)
class MemberLeft:
    channel: str
    user: str


@dataclass(frozen=True, slots=True)
class MessagePosted:
    message: Message


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """`announced` is False while a stream grows: apps hear only of its end."""

    before: Message
    after: Message
    announced: bool = True


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    message: Message


@dataclass(frozen=True, slots=True)
class ReactionAdded:
    channel: str
    ts: str
    user: str
    name: str


@dataclass(frozen=True, slots=True)
class ReactionRemoved:
    channel: str
    ts: str
    user: str
    name: str


@dataclass(frozen=True, slots=True)
class FileStored:
    """A new file, or a new state of one."""

    file: StoredFile


@dataclass(frozen=True, slots=True)
class FileRemoved:
    file: StoredFile


@dataclass(frozen=True, slots=True)
class StatusSet:
    status: Status


@dataclass(frozen=True, slots=True)
class TitleSet:
    channel: str
    thread_ts: str
    title: str


@dataclass(frozen=True, slots=True)
class PromptsSet:
    prompts: Prompts


@dataclass(frozen=True, slots=True)
class ViewShown:
    """A modal was opened, pushed or updated."""

    view: View


@dataclass(frozen=True, slots=True)
class ViewClosed:
    view: View


@dataclass(frozen=True, slots=True)
class HomePublished:
    view: View


@dataclass(frozen=True, slots=True)
class Reset:
    """Everything said and stored is gone; people, channels and the app stay."""


Change = (
    ChannelOpened
    | ChannelChanged
    | PersonChanged
    | MemberJoined
    | MemberLeft
    | MessagePosted
    | MessageEdited
    | MessageDeleted
    | ReactionAdded
    | ReactionRemoved
    | FileStored
    | FileRemoved
    | StatusSet
    | TitleSet
    | PromptsSet
    | ViewShown
    | ViewClosed
    | HomePublished
    | Reset
)
