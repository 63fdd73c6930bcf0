"""What a Web API method is made of, and the call that it answers."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TypeVar

from bot.playground.workspace.arguments import Arguments
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.hub import Hub
from bot.playground.workspace.values import Channel, ChannelKind, Json, Message

T = TypeVar("T")

TS_FORM = re.compile(r"\d{10}\.\d{6}")
_SCOPE_WORD = {
    ChannelKind.PUBLIC: "channels",
    ChannelKind.PRIVATE: "groups",
    ChannelKind.DIRECT: "im",
}


class Tier(IntEnum):
    """Calls a minute that Slack allows at least; posting has its own rule, one a second."""

    T1 = 1
    T2 = 20
    T3 = 50
    T4 = 100
    POSTING = 60


class TokenKind(StrEnum):
    BOT = "bot"
    APP = "app"
    NONE = "none"


class Call:
    """One call of a method: its arguments and the workspace it acts on."""

    def __init__(self, hub: Hub, arguments: Arguments) -> None:
        self.hub = hub
        self.arguments = arguments

    @property
    def bot_user(self) -> str:
        return self.hub.world.app.bot_user_id

    @property
    def team(self) -> str:
        return self.hub.world.team_id

    def require_scope(self, *any_of: str) -> None:
        """Refuses unless the app was granted one of these."""
        granted = self.hub.world.app.scopes
        if not granted.intersection(any_of):
            raise SlackRefusal(
                "missing_scope", needed=any_of[0], provided=",".join(sorted(granted))
            )

    def require_channel_scope(self, channel: Channel, deed: str) -> None:
        """`deed` is `read`, `history` or `write`: the scope depends on the channel's kind."""
        self.require_scope(f"{_SCOPE_WORD[channel.kind]}:{deed}")

    def open_channel(self, argument: str = "channel", *, member: bool = True) -> Channel:
        """The same for what nothing is written to once it is archived."""
        found = self.channel(argument, member=member)
        if found.is_archived:
            raise SlackRefusal("is_archived")
        return found

    def channel(self, argument: str = "channel", *, member: bool = True) -> Channel:
        """The channel named by id, `#name`, or the user id of a direct message.

        A private channel without the app in it does not exist for the app.
        """
        return self.channel_named(self.arguments.text(argument), member=member)

    def channel_named(self, name: str, *, member: bool = True) -> Channel:
        if name in self.hub.world.members and name != self.bot_user:
            return self.hub.open_direct(name)
        channels = self.hub.state.channels
        found = channels.get(name) or next(
            (channel for channel in channels.values() if f"#{channel.name}" == name), None
        )
        is_member = found is not None and self.bot_user in found.members
        if found is None or (found.kind is not ChannelKind.PUBLIC and not is_member):
            raise SlackRefusal("channel_not_found")
        if member and not is_member:
            raise SlackRefusal("not_in_channel")
        return found

    def message(self, channel: Channel, argument: str = "ts") -> Message:
        found = self.hub.state.message(channel.id, self.arguments.text(argument))
        if found is None or found.ephemeral_to is not None:
            raise SlackRefusal("message_not_found")
        return found

    def user(self, argument: str = "user") -> str:
        user = self.arguments.text(argument)
        if user not in self.hub.world.members:
            raise SlackRefusal("user_not_found")
        return user

    def page(self, items: Sequence[T], default: int) -> tuple[Sequence[T], str]:
        """The items that `cursor` and `limit` ask for, and the cursor of the next page."""
        limit = self.arguments.number("limit", default)
        if not 1 <= limit <= 1_000:
            raise SlackRefusal("invalid_limit")
        limit = min(limit, self.hub.limits.page)
        start = _offset(self.arguments.text("cursor", ""))
        end = start + limit
        return items[start:end], _cursor(end) if end < len(items) else ""


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"next:{offset}".encode()).decode()


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("next:"))
    except (ValueError, binascii.Error):
        raise SlackRefusal("invalid_cursor") from None


def next_cursor(cursor: str) -> Json:
    return {"response_metadata": {"next_cursor": cursor}}


@dataclass(frozen=True, slots=True)
class Method:
    """One of `scopes` is demanded; empty where the channel decides, or none is needed."""

    name: str
    run: Callable[[Call], Json]
    scopes: tuple[str, ...] = ()
    tier: Tier = Tier.T3
    token: TokenKind = TokenKind.BOT
