"""Alerts that nobody asked for: one for each cause in each channel, and the work on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.access import Labels, fits
from bot.domain.failures import Failure, Success
from bot.domain.work import Job, Priority, Queue

LOOK = "alert_look"
"""The kind of the job that looks into a failure, without a word said."""
TOLD = "alert_told"
"""The kind of the job that shows an alert as it stands."""
WATCH = "alert_watch"
"""The kind of the job that looks whether what failed runs again."""
CHECK = "alert_check"
"""The kind of the job that looks at once, since a run of its Dag ended well."""
REMIND = "alert_remind"
"""The kind of the job that reminds of what fails on."""
LISTED = "alert_list"
"""The kind of the job that names what there was no room for."""

ALERT = "alert:"
"""What the keys of work on alerts that stand begin with."""
LISTS = "alerts:"
"""What the keys of work begin with that names what there was no room for."""

COUNTED_AFTER = 60.0
"""Seconds between two states of a card that differ in numbers alone."""

UNREACHABLE = "unreachable:"
"""What begins the incident of failures that could not be looked into; a cluster's name follows."""

_LOOK_AGAIN = (30.0, 60.0, 120.0, 300.0, 600.0)
_LOOKED_FOR = timedelta(hours=24)
_CHECKED_FOR = timedelta(hours=1)
_WATCH = (300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0)
_WATCHED_FOR = timedelta(days=3)
_REMINDED_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Route:
    """Where failures are told of that fit each of its selectors; an empty one fits everything.
    `workspace` is that of its channels, "" for the one in which they are found."""

    channels: tuple[str, ...]
    clusters: frozenset[str] = frozenset()
    dags: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    workspace: str = ""

    @property
    def needs_details(self) -> bool:
        """Whether a Dag's id alone does not tell if the route is its own."""
        return bool(self.tags or self.owners)

    def takes(self, dag: Labels) -> bool:
        return (
            (not self.clusters or dag.cluster in self.clusters)
            and (not self.dags or fits(self.dags, dag.dag_id))
            and (not self.tags or not self.tags.isdisjoint(dag.tags))
            and (not self.owners or not self.owners.isdisjoint(dag.owners))
        )


class AlertState(StrEnum):
    """Where an alert stands."""

    WAITING = "waiting"  # to be told when its channel has room
    OPEN = "open"
    RECOVERED = "recovered"
    LISTED = "listed"  # named among others, without a thread
    OVER = "over"  # never told, or told elsewhere


@dataclass(frozen=True, slots=True)
class Patience:
    """How failures become alerts.

    Failures of one cause join for `joins` after the last one; a Dag that fails on joins for as long
    as it does. What fails again within `flaps` of its recovery takes its old thread. A channel gets
    `a_minute` threads a minute; what would wait for longer than `waits` is only listed. Of what
    fails on people are reminded every `reminds`; never where that is zero.
    """

    joins: timedelta = timedelta(hours=1)
    flaps: timedelta = timedelta(minutes=30)
    a_minute: int = 6
    waits: timedelta = timedelta(minutes=2)
    reminds: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look came to. `incident` is the same for failures of one cause, `title` says it in a
    few words, `turn_id` names the turn that is kept of it."""

    incident: str
    title: str
    turn_id: str

    @property
    def is_unreachable(self) -> bool:
        return self.incident.startswith(UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Alert:
    """One cause in one channel. Times are UTC. `thread` is empty until it is told, `turn_id` names
    the turn that its card shows. `relapses` counts how often it failed again after a recovery,
    `version` all changes."""

    id: str
    channel: str
    incident: str
    title: str
    turn_id: str
    state: AlertState
    first_at: datetime
    last_at: datetime
    opens_at: datetime
    recovered_at: datetime | None = None
    relapses: int = 0
    version: int = 1
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Diverted:
    """A channel that does not take what it was to hear, with Slack's word for why."""

    channel: str
    reason: str


@dataclass(frozen=True, slots=True)
class Radius:
    """What an alert reaches: how many Dags, runs and task instances failed, the names of the first
    Dags, and how many of them run again.

    `parts` are tasks of Dags, or Dags whose runs failed as a whole: so many failed, so many are
    well again, and the first of the others by name. `beside` names what fails of the same Dags for
    other causes; `diverted` are channels that were to hear of some of it, and do not.
    """

    dags: int
    runs: int
    tasks: int
    names: tuple[str, ...]
    recovered: int = 0
    parts: int = 0
    well: int = 0
    failing: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    diverted: tuple[Diverted, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """The body of a job of kind `LOOK`: `failure` stands for all of its task in that channel.
    `since` is when it was first tried, in vain `tries` times. `held` counts how often it waited for
    the end of quiet hours."""

    channel: str
    failure: Failure
    since: datetime
    tries: int = 0
    held: int = 0


class Change(StrEnum):
    """What an alert is told for."""

    OPENED = "opened"
    COUNTED = "counted"
    RECOVERED = "recovered"
    RELAPSED = "relapsed"
    MOVED = "moved"  # told in the thread of another alert


@dataclass(frozen=True, slots=True)
class AlertTold:
    """The body of a job of kind `TOLD`."""

    id: str
    change: Change


@dataclass(frozen=True, slots=True)
class AlertWatch:
    """The body of a job of kind `WATCH`: the `number`th look since `since`, after it failed again
    for the `relapses`th time."""

    id: str
    since: datetime
    number: int = 0
    relapses: int = 0


@dataclass(frozen=True, slots=True)
class AlertCheck:
    """The body of a job of kind `CHECK`: a run of that Dag ended well."""

    id: str
    success: Success
    tries: int = 0


@dataclass(frozen=True, slots=True)
class AlertReminder:
    """The body of a job of kind `REMIND`: the `number`th since it failed, or failed again for the
    `relapses`th time. `held` counts how often it waited for the end of quiet hours."""

    id: str
    relapses: int
    number: int = 1
    held: int = 0


@dataclass(frozen=True, slots=True)
class AlertList:
    """The body of a job of kind `LISTED`: the alerts of `channel` that share `key`."""

    channel: str
    key: str


def look_job(look: Look, delay: float) -> Job:
    """A key of the failure's own, since nobody is told where the work on it is given up."""
    tries = f":{look.tries}" if look.tries else ""
    held = f":held:{look.held}" if look.held else ""
    key = f"{look.failure.key}@{look.channel}{tries}{held}"
    return Job(key, LOOK, look, Queue.FAILURES, key, Priority.REPORTED, max(0.0, delay))


def next_look(look: Look, now: datetime) -> float | None:
    """Seconds until a look in vain is tried again; None where it is given up."""
    if now - look.since > _LOOKED_FOR:
        return None
    return _LOOK_AGAIN[min(look.tries, len(_LOOK_AGAIN) - 1)]


def told_job(alert: Alert, change: Change, delay: float = 0.0) -> Job:
    return Job(
        key=f"alert:{alert.id}:{change.value}:{alert.version}",
        kind=TOLD,
        body=AlertTold(alert.id, change),
        queue=Queue.FAILURES if delay <= 0 else Queue.LATER,
        share=f"alert:{alert.id}",
        priority=Priority.REPORTED,
        delay=max(0.0, delay),
    )


def watch_job(watch: AlertWatch, now: datetime) -> Job | None:
    """The next look whether it runs again; none any more after some days."""
    if now - watch.since > _WATCHED_FOR:
        return None
    return Job(
        key=f"alert:{watch.id}:watch:{watch.relapses}:{watch.since:%Y%m%dT%H%M%S%f}:{watch.number}",
        kind=WATCH,
        body=watch,
        queue=Queue.WATCHES,
        share=f"alert:{watch.id}:watch",
        priority=Priority.REPORTED,
        delay=_WATCH[min(watch.number, len(_WATCH) - 1)],
    )


def check_job(body: AlertCheck, delay: float = 0.0) -> Job:
    one, tries = body.success, f":{body.tries}" if body.tries else ""
    run = f"{one.cluster}:{one.dag_id}:{one.run_id}"
    return Job(
        key=f"alert:{body.id}:check:{run}:{one.at:%Y%m%dT%H%M%S%f}{tries}",
        kind=CHECK,
        body=body,
        queue=Queue.WATCHES,
        share=f"alert:{body.id}:watch",
        priority=Priority.REPORTED,
        delay=delay,
    )


def next_check(body: AlertCheck, now: datetime) -> Job | None:
    """The same once more, since Airflow did not answer; none any more after an hour. Each success
    begins such looks, and by then those that watch the alert see to it."""
    if now - body.success.at > _CHECKED_FOR:
        return None
    delay = _LOOK_AGAIN[min(body.tries, len(_LOOK_AGAIN) - 1)]
    return check_job(replace(body, tries=body.tries + 1), delay)


def remind_job(body: AlertReminder, delay: float) -> Job:
    held = f":held:{body.held}" if body.held else ""
    return Job(
        key=f"alert:{body.id}:remind:{body.relapses}:{body.number}{held}",
        kind=REMIND,
        body=body,
        queue=Queue.WATCHES,
        share=f"alert:{body.id}:remind",
        priority=Priority.REPORTED,
        delay=delay,
    )


def is_remembered(alert: Alert, now: datetime) -> bool:
    """Whether people are still reminded of it: nothing was heard of it for long enough after that
    to think it is not looked at any more."""
    return now - alert.last_at <= _REMINDED_FOR


def list_job(body: AlertList, delay: float) -> Job:
    return Job(
        key=f"{LISTS}{body.channel}:list:{body.key}",
        kind=LISTED,
        body=body,
        queue=Queue.LATER,
        share=f"alerts:{body.channel}",
        priority=Priority.REPORTED,
        delay=delay,
    )
