"""How much room a cluster has: what was measured, what is foreseen, and who was told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.evidence import Gap
from bot.domain.work import Job, Priority, Queue

CAPACITY = "capacity"
"""The kind of the job that looks at the room of all clusters."""
CAPACITY_TOLD = "capacity_told"
"""The kind of the job that shows a warning as it stands."""

BETWEEN = timedelta(minutes=5)
"""From one look to the next."""
HORIZON = timedelta(hours=3)
"""Nothing is foreseen beyond this."""


class GaugeKind(StrEnum):
    """What is measured, in which unit, and what its limit is."""

    POOL = "pool"  # occupied slots, of the pool's
    SLOTS = "slots"  # running tasks, of those that the executor runs at once
    QUEUE = "queue"  # seconds that the oldest queued task waits, until Airflow gives it up
    HEARTBEAT = "heartbeat"  # seconds since a component was heard of
    ANSWER = "answer"  # 1 where the API server does not answer


@dataclass(frozen=True, slots=True)
class Gauge:
    """One thing measured. `limit` None: it has none, or nobody knows it. `waiting` counts tasks
    that wait for it."""

    kind: GaugeKind
    name: str
    used: float
    limit: float | None = None
    waiting: int = 0

    @property
    def key(self) -> str:
        return f"{self.kind.value}:{self.name}"

    @property
    def is_full(self) -> bool:
        """No room is left. A full pool holds nobody up while nobody waits for it: many are made to
        let one in at a time."""
        if self.limit is None or self.used < self.limit:
            return False
        return self.waiting > 0 if self.kind is GaugeKind.POOL else self.limit > 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One cluster at one time; what could not be measured is in `gaps`."""

    cluster: str
    at: datetime
    gauges: tuple[Gauge, ...]
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Forecast:
    """When it is full if things go on as they do: most likely `at`, hardly before `earliest`;
    `latest` None: perhaps never. `per_hour` is the trend in the gauge's unit. `days`: no trend says
    so, but as many days before, on each of which it was full at that time of day."""

    at: datetime
    earliest: datetime
    latest: datetime | None
    per_hour: float
    days: int = 0


class Standing(StrEnum):
    ROOM = "room"
    FORESEEN = "foreseen"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Outlook:
    """How one gauge stands at `at`, and how it goes on as far as that can be said."""

    gauge: Gauge
    at: datetime
    forecast: Forecast | None = None

    @property
    def standing(self) -> Standing:
        if self.gauge.is_full:
            return Standing.FULL
        return Standing.ROOM if self.forecast is None else Standing.FORESEEN


@dataclass(frozen=True, slots=True)
class ClusterOutlook:
    """All gauges of one cluster at its last look; None for `at` where there was none yet."""

    cluster: str
    at: datetime | None
    outlooks: tuple[Outlook, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Warned:
    """What is kept of one gauge in trouble. `streak` counts looks in trouble, below zero those
    since with room. `version` counts what there was to tell; `thread` is where it was told, ""
    until then. `began_at` names the trouble, together with cluster and gauge."""

    cluster: str
    outlook: Outlook
    began_at: datetime
    last_at: datetime
    streak: int = 1
    version: int = 0
    is_over: bool = False
    thread: str = ""

    @property
    def id(self) -> str:
        return f"{self.cluster}:{self.outlook.gauge.key}:{self.began_at:%Y%m%dT%H%M%S}"


_TOLD_AFTER = 2  # looks in trouble: one may be a moment
_OVER_AFTER = -3  # looks with room: what flaps is one trouble


def warned_of(
    cluster: str, outlook: Outlook, known: Warned | None, at: datetime
) -> tuple[Warned | None, bool]:
    """What is kept after a look at `at`, and whether there is news to tell. The same look again
    changes nothing."""
    if known is not None and (known.is_over or known.last_at >= at):
        if known.last_at >= at:
            return known, False
        known = None
    is_trouble = outlook.standing is not Standing.ROOM
    if known is None:
        return (Warned(cluster, outlook, at, at), False) if is_trouble else (None, False)
    if not is_trouble:
        return _calmer(known, outlook, at)
    streak = max(known.streak, 0) + 1
    worse = known.outlook.standing is not outlook.standing
    found = replace(known, outlook=outlook, last_at=at, streak=streak)
    if known.version == 0 and streak < _TOLD_AFTER:
        return found, False
    if known.version == 0 or (worse and outlook.standing is Standing.FULL):
        return replace(found, version=known.version + 1), True
    return found, False


def _calmer(known: Warned, outlook: Outlook, at: datetime) -> tuple[Warned | None, bool]:
    if known.version == 0:
        return None, False
    streak = min(known.streak, 0) - 1
    found = replace(known, last_at=at, streak=streak)
    if streak > _OVER_AFTER:
        return found, False
    over = replace(found, outlook=outlook, is_over=True, version=known.version + 1)
    return over, True


@dataclass(frozen=True, slots=True)
class CapacityLook:
    """The body of a job of kind `CAPACITY`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class CapacityTold:
    """The body of a job of kind `CAPACITY_TOLD`."""

    id: str
    version: int


def look_job(at: datetime) -> Job:
    key = f"{CAPACITY}:{at:%Y-%m-%dT%H:%M}"
    return Job(key, CAPACITY, CapacityLook(at), Queue.WATCHES, CAPACITY, Priority.REPORTED)


def told_job(warned: Warned) -> Job:
    key = f"{CAPACITY_TOLD}:{warned.id}:{warned.version}"
    body = CapacityTold(warned.id, warned.version)
    share = f"{CAPACITY_TOLD}:{warned.id}"
    return Job(key, CAPACITY_TOLD, body, Queue.FAILURES, share, Priority.REPORTED)
