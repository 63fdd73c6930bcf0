"""What people say in the workspace, and how they change it: messages, reactions, files."""

from __future__ import annotations

import uuid
from dataclasses import replace

from bot.playground.workspace.changes import (
    ChannelChanged,
    FileStored,
    MemberJoined,
    MemberLeft,
    MessageEdited,
    MessagePosted,
    PersonChanged,
    ReactionAdded,
    ReactionRemoved,
)
from bot.playground.workspace.composer import compose
from bot.playground.workspace.emoji import is_known
from bot.playground.workspace.errors import NoSuchThing
from bot.playground.workspace.lookup import Lookup
from bot.playground.workspace.methods.reactions import has_reacted
from bot.playground.workspace.values import Channel, ChannelKind, Edited, Message, StoredFile


class Speaking(Lookup):
    """Every deed is somebody's: `user` is a member's id. Raises `NoSuchThing` for what is not."""

    def say(
        self,
        channel: str,
        user: str,
        text: str,
        thread_ts: str | None = None,
        *,
        raw: bool = False,
        files: tuple[str, ...] = (),
    ) -> Message:
        """Posts what `user` typed. `raw` takes the text as Slack's mrkdwn, unescaped."""
        place = self.channel(channel, user)
        mrkdwn, block = (text, None) if raw else compose(text, self._names())
        message = Message(
            place.id,
            self._hub.new_ts(),
            user,
            mrkdwn,
            blocks=({**block, "block_id": self._hub.new_id("b")},) if block else (),
            thread_ts=thread_ts,
            client_msg_id=str(uuid.uuid4()),
            subtype="file_share" if files else None,
            files=files,
        )
        self._hub.commit(MessagePosted(message))
        return message

    def edit(self, channel: str, ts: str, user: str, text: str) -> Message:
        before = self._own(channel, ts, user)
        mrkdwn, block = compose(text, self._names())
        after = replace(
            before,
            text=mrkdwn,
            blocks=({**block, "block_id": self._hub.new_id("b")},),
            edited=Edited(user, self._hub.new_ts()),
        )
        self._hub.commit(MessageEdited(before, after))
        return after

    def delete(self, channel: str, ts: str, user: str) -> None:
        self._hub.commit(self._hub.deletion(self._own(channel, ts, user)))

    def react(self, channel: str, ts: str, user: str, name: str) -> None:
        message = self.message(channel, ts)
        if not is_known(name):
            raise NoSuchThing(f"no emoji is called {name!r}")
        if not has_reacted(message, user, name):
            self._hub.commit(ReactionAdded(channel, ts, user, name))

    def unreact(self, channel: str, ts: str, user: str, name: str) -> None:
        if has_reacted(self.message(channel, ts), user, name):
            self._hub.commit(ReactionRemoved(channel, ts, user, name))

    def upload(
        self,
        channel: str,
        user: str,
        name: str,
        content: bytes,
        text: str = "",
        thread_ts: str | None = None,
    ) -> Message:
        """Shares a file in a channel."""
        file = StoredFile(
            self._hub.new_id("F"),
            name,
            name,
            "text/plain",
            user,
            int(self._hub.clock.now()),
            content,
            channels=(channel,),
            shared=True,
        )
        self._hub.commit(FileStored(file))
        return self.say(channel, user, text, thread_ts, files=(file.id,))

    def add_app(self, channel: str, user: str) -> None:
        """Adds the app to a channel."""
        place = self.channel(channel, user)
        app = self._hub.world.app.bot_user_id
        if app not in place.members:
            self._hub.commit(MemberJoined(channel, app, user))

    def share(self, channel: str, *, is_shared: bool = True) -> None:
        """Shares a channel with another organisation, or no more."""
        self._hub.commit(ChannelChanged(replace(self._place(channel), is_shared=is_shared)))

    def archive(self, channel: str, *, is_archived: bool = True) -> None:
        self._hub.commit(ChannelChanged(replace(self._place(channel), is_archived=is_archived)))

    def _place(self, channel: str) -> Channel:
        found = self._hub.state.channels.get(channel)
        if found is None or found.kind is ChannelKind.DIRECT:
            raise NoSuchThing(f"no channel has the id {channel!r}")
        return found

    def regard(self, user: str, *, is_guest: bool = False, team: str = "") -> None:
        """Somebody is a guest from now on, or of the organisation `team`; with neither, one of our
        own."""
        known = self._hub.state.people.get(user)
        if known is None or known.is_bot:
            raise NoSuchThing(f"nobody here has the id {user!r}")
        self._hub.commit(PersonChanged(replace(known, is_guest=is_guest, team=team)))

    def remove_app(self, channel: str, user: str) -> None:
        place = self.channel(channel, user)
        app = self._hub.world.app.bot_user_id
        if app in place.members:
            self._hub.commit(MemberLeft(channel, app))
