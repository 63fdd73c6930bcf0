"""What is true in the workspace now; it moves only by `apply`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.playground.workspace import changes as c
from bot.playground.workspace.values import (
    Channel,
    ChannelKind,
    Message,
    Person,
    Prompts,
    Reaction,
    Status,
    StoredFile,
    View,
)
from bot.playground.workspace.world import World


class State:
    """Holds frozen values in dictionaries. Read freely; change by `apply` alone."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.people: dict[str, Person] = {}  # as they are by now, the bot among them
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, dict[str, Message]] = {}
        self._threads: dict[tuple[str, str], dict[str, None]] = {}  # ts of replies, in order
        self.files: dict[str, StoredFile] = {}
        self.statuses: dict[tuple[str, str], Status] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.prompts: dict[str, Prompts] = {}
        self.modals: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self._begin()

    def _begin(self) -> None:
        for store in (self.files, self.statuses, self.titles, self.prompts):
            store.clear()
        self.modals.clear()
        self.homes.clear()
        self.people = dict(self.world.members)
        self.channels = {channel.id: channel for channel in self.world.first_channels()}
        self.messages = {channel: {} for channel in self.channels}
        self._threads.clear()

    def direct_channel(self, user: str) -> Channel | None:
        """The direct-message channel of `user` with the app, if it was ever opened."""
        return next(
            (
                channel
                for channel in self.channels.values()
                if channel.kind is ChannelKind.DIRECT and user in channel.members
            ),
            None,
        )

    def team_of(self, user: str) -> str:
        """The organisation of a person."""
        known = self.people.get(user)
        return (known.team if known else "") or self.world.team_id

    def message(self, channel: str, ts: str) -> Message | None:
        return self.messages.get(channel, {}).get(ts)

    def thread(self, channel: str, root_ts: str) -> Iterator[Message]:
        """The root and its replies, oldest first, without ephemeral ones."""
        root = self.message(channel, root_ts)
        if root is not None and root.ephemeral_to is None:
            yield root
        yield from self.replies(channel, root_ts)

    def replies(self, channel: str, root_ts: str) -> Iterator[Message]:
        """The replies alone, oldest first, without ephemeral ones."""
        for ts in self._threads.get((channel, root_ts), ()):
            yield self.messages[channel][ts]

    def apply(self, change: c.Change) -> None:
        """Makes `change` true. A change of something that is not there is a broken promise."""
        match change:
            case c.ChannelOpened(channel):
                self.channels[channel.id] = channel
                self.messages.setdefault(channel.id, {})
            case c.ChannelChanged(channel):
                self.channels[channel.id] = channel
            case c.PersonChanged(person):
                self.people[person.id] = person
            case c.MemberJoined(channel_id, user):
                self._set_members(channel_id, self.channels[channel_id].members | {user})
            case c.MemberLeft(channel_id, user):
                self._set_members(channel_id, self.channels[channel_id].members - {user})
            case c.MessagePosted(message):
                self._post(message)
            case c.MessageEdited(after=message):
                self.messages[message.channel][message.ts] = message
            case c.MessageDeleted(message):
                self._delete(message)
            case c.ReactionAdded() | c.ReactionRemoved():
                self._react(change)
            case c.FileStored(file):
                self.files[file.id] = file
            case c.FileRemoved(file):
                self._remove_file(file)
            case c.Reset():
                self._begin()
            case _:
                self._apply_to_surfaces(change)

    def _apply_to_surfaces(self, change: c.Change) -> None:
        match change:
            case c.StatusSet(status):
                self._set_status(status)
            case c.TitleSet(channel, thread_ts, title):
                self.titles[channel, thread_ts] = title
            case c.PromptsSet(prompts):
                self.prompts[prompts.channel] = prompts
            case c.ViewShown(view):
                self.modals[view.id] = view
            case c.ViewClosed(view):
                self.modals.pop(view.id, None)
            case c.HomePublished(view):
                self.homes[view.user] = view
            case _:
                raise TypeError(f"no rule for the change {type(change).__name__}")

    def _set_members(self, channel_id: str, members: frozenset[str]) -> None:
        self.channels[channel_id] = replace(self.channels[channel_id], members=members)

    def _post(self, message: Message) -> None:
        self.messages[message.channel][message.ts] = message
        if message.is_reply and message.ephemeral_to is None:
            self._threads.setdefault((message.channel, message.root_ts), {})[message.ts] = None
        # Slack takes the status line away as soon as the app posts into the thread.
        if message.bot_id and message.ephemeral_to is None:
            self.statuses.pop((message.channel, message.root_ts), None)

    def _delete(self, message: Message) -> None:
        del self.messages[message.channel][message.ts]
        self._threads.get((message.channel, message.root_ts), {}).pop(message.ts, None)

    def _set_status(self, status: Status) -> None:
        if status.text:
            self.statuses[status.channel, status.thread_ts] = status
        else:
            self.statuses.pop((status.channel, status.thread_ts), None)

    def _react(self, change: c.ReactionAdded | c.ReactionRemoved) -> None:
        message = self.messages[change.channel][change.ts]
        by_name = {reaction.name: reaction.users for reaction in message.reactions}
        users = tuple(user for user in by_name.get(change.name, ()) if user != change.user)
        if isinstance(change, c.ReactionAdded):
            users += (change.user,)
        by_name[change.name] = users
        reactions = tuple(Reaction(name, users) for name, users in by_name.items() if users)
        self.messages[change.channel][change.ts] = replace(message, reactions=reactions)

    def _remove_file(self, file: StoredFile) -> None:
        self.files.pop(file.id, None)
        for channel in self.messages.values():
            for ts, message in channel.items():
                if file.id in message.files:
                    kept = tuple(id_ for id_ in message.files if id_ != file.id)
                    channel[ts] = replace(message, files=kept)
