"""The middle of the workspace: its state, clock, faults and journal, and who hears of changes."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.playground.workspace.changes import (
    Change,
    ChannelOpened,
    MessageDeleted,
    MessageEdited,
    Reset,
)
from bot.playground.workspace.clock import Clock
from bot.playground.workspace.faults import Faults
from bot.playground.workspace.grants import Grants
from bot.playground.workspace.journal import ApiCall, Delivery, Journal
from bot.playground.workspace.state import State
from bot.playground.workspace.values import Channel, ChannelKind, Message, StoredFile
from bot.playground.workspace.vouching import Vouching
from bot.playground.workspace.world import Credentials, World


@dataclass(frozen=True, slots=True)
class Connections:
    """How many Socket Mode connections of the app are open."""

    count: int


@dataclass(frozen=True, slots=True)
class FaultsSet:
    """Faults were switched on or off, or used up."""


Notice = Change | ApiCall | Delivery | Connections | FaultsSet
"""Anything that moved."""
Listener = Callable[[Notice], None]

TRIGGER_SECONDS = 3.0
"""How long a `trigger_id` opens a modal."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Times that Slack keeps to, in seconds; tests shorten them."""

    ack: float = 3.0
    retries: tuple[float, ...] = (0.0, 60.0, 300.0)  # pauses before the 1st, 2nd and 3rd retry
    stream: float = 300.0
    status: float = 120.0  # a status line without a message vanishes
    response_url: float = 1_800.0
    page: int = 1_000  # objects that history and lists give at most in one reply
    enforce_rates: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    user: str
    expires: float
    used: bool = False


class Hub:
    """Knows everything and does no I/O. `url` is filled once the server listens."""

    def __init__(
        self, world: World, credentials: Credentials, clock: Clock, limits: Limits
    ) -> None:
        self.world = world
        self.credentials = credentials
        self.clock = clock
        self.limits = limits
        self.state = State(world)
        self.faults = Faults()
        self.journal = Journal()
        self.url = ""
        self.grants = Grants(world.oauth, world.team_id, credentials.bot_token, clock.now)
        self.vouching = Vouching(world.oauth, world.team_id, clock.now)
        self.triggers: dict[str, Trigger] = {}
        self.socket_tickets: set[str] = set()
        self.uploads: dict[str, StoredFile] = {}
        self._listeners: list[Listener] = []
        self._ids = itertools.count(1)
        self._last_micros = 0

    def new_id(self, prefix: str) -> str:
        """An id in Slack's form: a letter or two and nine digits or capitals."""
        return f"{prefix}0{next(self._ids):08d}"

    def new_ts(self) -> str:
        """The time now as a message id: later than every one given out before."""
        self._last_micros = max(self._last_micros + 1, int(self.clock.now() * 1_000_000))
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def new_trigger(self, user: str) -> str:
        trigger_id = f"{next(self._ids)}.{self.world.team_id}.{next(self._ids)}"
        self.triggers[trigger_id] = Trigger(user, self.clock.now() + TRIGGER_SECONDS)
        return trigger_id

    def new_socket_ticket(self) -> str:
        """The right to open one Socket Mode connection."""
        ticket = secrets.token_urlsafe(18)
        self.socket_tickets.add(ticket)
        return ticket

    def is_growing(self, message: Message) -> bool:
        """Whether it is a stream that has not ended, and has not died of old age."""
        stream = message.stream
        return stream is not None and self.clock.now() - stream.opened_at <= self.limits.stream

    def new_upload_ticket(self, file: StoredFile) -> str:
        """The right to send the content of one file."""
        ticket = secrets.token_urlsafe(18)
        self.uploads[ticket] = file
        return ticket

    def deletion(self, message: Message) -> MessageDeleted | MessageEdited:
        """How this message goes: a root with replies leaves a tombstone behind."""
        if next(self.state.replies(message.channel, message.ts), None) is None:
            return MessageDeleted(message)
        tombstone = Message(
            message.channel,
            message.ts,
            "USLACKBOT",
            "This message was deleted.",
            thread_ts=message.thread_ts,
            subtype="tombstone",
        )
        return MessageEdited(message, tombstone)

    def commit(self, change: Change) -> None:
        """Makes the change true, then tells everybody who listens."""
        self.state.apply(change)
        self.announce(change)

    def announce(self, notice: Notice) -> None:
        """Tells everybody who listens of what happened."""
        for listener in tuple(self._listeners):
            listener(notice)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` with everything from now on; returns the way to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def record_call(self, call: ApiCall) -> None:
        numbered = replace(call, number=next(self._ids))
        self.journal.calls.append(numbered)
        self.announce(numbered)

    def record_delivery(self, delivery: Delivery) -> None:
        numbered = replace(delivery, number=next(self._ids))
        self.journal.deliveries.append(numbered)
        self.announce(numbered)

    def open_direct(self, user: str) -> Channel:
        """The direct-message channel between `user` and the app, opened if need be."""
        found = self.state.direct_channel(user)
        if found:
            return found
        members = frozenset({user, self.world.app.bot_user_id})
        channel = Channel(
            f"D{user[1:]}", user, ChannelKind.DIRECT, members, created=int(self.clock.now())
        )
        self.commit(ChannelOpened(channel))
        return channel

    def reset(self) -> None:
        """Back to the start: nothing said, no faults, an empty journal."""
        self.faults.clear()
        self.journal.clear()
        self.triggers.clear()
        self.uploads.clear()
        self.commit(Reset())
