"""Finds what people act on: channels they are in, messages, views."""

from __future__ import annotations

from bot.playground.workspace.composer import Names
from bot.playground.workspace.errors import NoSuchThing
from bot.playground.workspace.hub import Hub
from bot.playground.workspace.values import Channel, Message, View


class Lookup:
    """Every search ends in the thing or in `NoSuchThing`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def channel(self, channel: str, user: str) -> Channel:
        found = self._hub.state.channels.get(channel)
        if found is None or user not in found.members:
            raise NoSuchThing(f"{user} is in no channel {channel!r}")
        return found

    def message(self, channel: str, ts: str) -> Message:
        found = self._hub.state.message(channel, ts)
        if found is None:
            raise NoSuchThing(f"no message {ts} in {channel}")
        return found

    def view(self, view_id: str) -> View:
        homes = {home.id: home for home in self._hub.state.homes.values()}
        found = self._hub.state.modals.get(view_id) or homes.get(view_id)
        if found is None:
            raise NoSuchThing(f"no view {view_id} is open")
        return found

    def _own(self, channel: str, ts: str, user: str) -> Message:
        message = self.message(channel, ts)
        if message.user != user:
            raise NoSuchThing(f"message {ts} was not written by {user}")
        return message

    def _names(self) -> Names:
        members = self._hub.world.members.values()
        channels = self._hub.state.channels.values()
        return Names(
            {person.name.lower(): person.id for person in members},
            {channel.name.lower(): channel.id for channel in channels},
        )
