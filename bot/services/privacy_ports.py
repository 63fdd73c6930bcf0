"""The doors to all that is kept of one person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.audit import AuditEntry
from bot.domain.privacy import OwnPost, Person, Trace
from bot.domain.work import Job


class PersonRecords(Protocol):
    """What the tables hold. Every method raises `StoreError` and bears being repeated."""

    async def workspaces(self, user_id: str) -> Sequence[str]:
        """Where anything is kept of whoever has that id."""
        ...

    async def traces(self, person: Person) -> Sequence[Trace]:
        """Only places that hold something."""
        ...

    async def held(self, person: Person) -> Sequence[str]:
        """The ids of open escalations that wait for this person."""
        ...

    async def messages(self, person: Person) -> Sequence[str]:
        """The keys of what they asked: each holds workspace, channel and ts of a message."""
        ...

    async def posts(self, messages: Sequence[str]) -> Sequence[OwnPost]:
        """What we said about these, as far as it still stands."""
        ...

    async def erase(self, person: Person, entry: AuditEntry) -> Sequence[str]:
        """All but their turns, which are erased by their messages, and what has to stay. Returns
        the ids of others' turns out of which words were taken."""
        ...


class PersonWork(Protocol):
    """What durable work has written down. Every method raises `StoreError`."""

    async def traces(self, person: Person) -> Sequence[Trace]: ...

    async def erase(self, person: Person) -> None:
        """What is finished; what is under way needs it until it is."""
        ...

    async def start(self, job: Job) -> None:
        """Has a bot that is at work do this."""
        ...

    async def take_away(self, posts: Sequence[OwnPost], at: datetime) -> None:
        """Has a bot that is at work delete these in Slack, now or once it is."""
        ...
