"""The doors to what is kept of alerts, and to those who count them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.alerts import Alert, Diverted, Found, Look, Radius
from bot.domain.failures import Failure, Success


@dataclass(frozen=True, slots=True)
class Placed:
    """A failure, and a channel that is to hear of it: not before `quiet_until`. `diverted` is the
    channel in whose place that is, where it does not take it."""

    failure: Failure
    channel: str
    quiet_until: datetime | None = None
    diverted: Diverted | None = None


@dataclass(frozen=True, slots=True)
class PlacedCount:
    """What became of failures: `looks` were begun, `joined` alerts took more in at once, `answered`
    were told too late, since the Dag ran again by then."""

    looks: int = 0
    joined: int = 0
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """A new alert, or one that takes an old thread again."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class Joined:
    alert: Alert


@dataclass(frozen=True, slots=True)
class NothingLeft:
    """All that the look was for runs again, or was told otherwise."""


Outcome = Opened | Joined | NothingLeft


class Alerts(Protocol):
    """Alerts and the failures in them. Whatever a change brings about is handed in as durable work
    together with it. Every method raises `StoreError`."""

    async def place(self, placed: Sequence[Placed]) -> PlacedCount:
        """Keeps each failure once in each channel; begins a look where one is due, and counts what
        fails on in its alert."""
        ...

    async def settle(self, look: Look, found: Found) -> Outcome:
        """Puts what the look was for into the alert of its cause, a new one if need be."""
        ...

    async def dismiss(self, look: Look) -> None:
        """In its run nothing fails any more; what else it was for is looked into by itself."""
        ...

    async def give_up(self, look: Look) -> None:
        """Nothing more is looked into until it fails again."""
        ...

    async def succeed(self, successes: Sequence[Success]) -> int:
        """Marks what runs again; how many alerts recovered with it. Of a run as a whole it keeps
        that it ended well, and has the tasks of its Dag looked at that fail in alerts: a run says
        nothing of a single one."""
        ...

    async def lose(self, alert_id: str) -> None:
        """It cannot be told in its channel, and is over there."""
        ...

    async def unanswered(self, alert_id: str) -> Sequence[Failure]:
        """All of its failures after which nothing ran well."""
        ...

    async def alert(self, alert_id: str) -> Alert | None: ...

    async def open(self, alert_id: str) -> Alert | None:
        """The same, which is about to be told: from now on it is open, if it waited for that."""
        ...

    async def counted(self, alert_id: str) -> Alert | None:
        """The same, whose numbers are about to be shown: what joins later has them shown anew."""
        ...

    async def radius(self, alert_id: str) -> Radius: ...

    async def failing(self, alert_id: str) -> Sequence[Failure]:
        """Of each task that has not run well since, and of each Dag whose run failed as a whole,
        the failure that waits longest; those that wait longest first."""
        ...

    async def put_thread(self, alert_id: str, thread: str) -> None: ...

    async def listed(self, channel: str, key: str) -> Sequence[Alert]: ...

    async def tidy(self, before: datetime) -> int:
        """Forgets alerts without news since then; returns how many."""
        ...


class AlertMeter(Protocol):
    """What is counted of alerts; never raises and never waits."""

    def failures(self, outcome: str, count: int = 1) -> None:
        """`outcome`: routed, hidden (no channel may see it), held (it is not known yet whose it
        is), diverted (its channel did not take it, the default one heard of it) or answered (told
        too late: it runs again)."""
        ...

    def looked(self, outcome: str) -> None:
        """`outcome`: opened, joined, nothing_left, unreachable or given_up."""
        ...

    def recovered(self) -> None: ...


class NoAlertMeter(AlertMeter):
    """Everything is heard and nothing is kept."""

    def failures(self, outcome: str, count: int = 1) -> None:
        pass

    def looked(self, outcome: str) -> None:
        pass

    def recovered(self) -> None:
        pass
