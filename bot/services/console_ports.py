"""The doors behind the console: who is signed in, who somebody is to Slack, what is good once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from bot.domain.escalations import Escalation, State, Truth
from bot.domain.questions import ThreadKey


class Role(StrEnum):
    """What somebody may do in the console; each may do what those before it may."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"

    def covers(self, other: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Person:
    """Who looks at the console. `is_local`: whoever runs commands on the bot's own machine."""

    user_id: str
    workspace: str
    name: str
    role: Role
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that holds. `role` is that of a local token; None where the settings tell it anew
    each time. `csrf` stands in every form."""

    user_id: str
    workspace: str
    name: str
    csrf: str = field(repr=False)
    began_at: datetime
    until: datetime
    role: Role | None = None


class Sessions(Protocol):
    """Sessions by the SHA-256 of what the browser holds. Every method raises `StoreError`."""

    async def open(self, key: str, session: Session) -> None: ...

    async def find(self, key: str, now: datetime) -> Session | None:
        """None where there is none, or its time is over."""
        ...

    async def close(self, key: str) -> None: ...

    async def close_all(self, user_id: str, workspace: str) -> None:
        """All that one person has open."""
        ...


class Grants(Protocol):
    """What is good once and for a while, by the SHA-256 of its secret. Every method raises
    `StoreError`."""

    async def put(self, key: str, kind: str, body: str, until: datetime) -> None: ...

    async def take(self, key: str, kind: str, now: datetime) -> str | None:
        """The body, to one alone who asks; None where it is none, used or over."""
        ...


@dataclass(frozen=True, slots=True)
class Identified:
    """Who signed in, as Slack says."""

    user_id: str
    workspace: str
    name: str


class NotIdentified(Exception):
    """Slack did not say who it is; `words` tell what to do."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class EscalationsOf(Protocol):
    """What pages read of humans who were called; see `Escalations`."""

    async def list(
        self, states: Collection[State] = (), limit: int = 50, offset: int = 0
    ) -> Sequence[Escalation]: ...

    async def of_thread(
        self, thread: ThreadKey, *, over: bool | None = False
    ) -> Sequence[Escalation]: ...

    async def truth(self, escalation_id: str) -> Truth | None: ...


class OpenId(Protocol):
    """Sign in with Slack, by OpenID Connect."""

    def address(self, state: str, nonce: str) -> str:
        """Where the browser goes to be asked."""
        ...

    async def identified(self, code: str, nonce: str) -> Identified:
        """Raises `NotIdentified`."""
        ...
