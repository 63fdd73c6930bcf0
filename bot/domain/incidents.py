"""Failures of one cause, seen as one: what they reach, since when, how fast, and whether it is
over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from bot.domain.evidence import Gap
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind

NAMED = 8
"""Dags of an incident that are named."""

_APART = timedelta(hours=26)
"""A Dag that runs once a day and fails each time fails on; after a longer silence it is anew."""
_QUIET = timedelta(hours=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FailureSeen:
    """One failed task instance, whichever of its tries, or a failed run without `task_id`. `at` is
    when it failed. `is_answered`: its Dag ran well since. Its incident's `title` and `kind` as they
    were found last; `turn_id` names a turn that looked into it."""

    incident: str
    cluster: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    at: datetime
    is_answered: bool = False
    title: str = ""
    kind: VerdictKind | None = None
    turn_id: str = ""

    @property
    def place(self) -> tuple[str, str, str, str, int]:
        return (self.cluster, self.dag_id, self.run_id, self.task_id, self.map_index)

    @property
    def target(self) -> Target:
        return Target(self.cluster, self.dag_id)


class Course(StrEnum):
    ONGOING = "ongoing"
    QUIET = "quiet"  # nothing failed for an hour, but it is not known to run well again
    OVER = "over"  # all that failed ran well since


@dataclass(frozen=True, slots=True)
class Incident:
    """`first_at` and `last_at` are of failures since it last began; `last_hour` and `hour_before`
    count failures up to the look. `dags` are names with their clusters, the first ones of
    `dag_count`; `recovered` counts those that run well again."""

    key: str
    title: str
    course: Course
    first_at: datetime
    last_at: datetime
    failures: int
    runs: int
    tasks: int
    dag_count: int
    clusters: tuple[str, ...]
    dags: tuple[tuple[str, str], ...]  # cluster and Dag
    recovered: int = 0
    last_hour: int = 0
    hour_before: int = 0
    kind: VerdictKind | None = None
    turn_id: str = ""


@dataclass(frozen=True, slots=True)
class FailingUnknown:
    """A Dag with failures that nobody has looked into."""

    cluster: str
    dag_id: str
    task_id: str
    failures: int
    last_at: datetime | None


class About(StrEnum):
    """What was asked."""

    NOW = "now"  # what fails
    ALIKE = "alike"  # whether others have the same


@dataclass(frozen=True, slots=True)
class IncidentsReport:
    """What fails on the clusters, as the asker may see it; or, of one incident, who else has it.
    `own` is then the Dag that was asked about. `more` were left out."""

    reference: str
    about: About
    incidents: tuple[Incident, ...]
    unknown: tuple[FailingUnknown, ...] = ()
    hours: int = 24
    more: int = 0
    own: tuple[str, str] = ("", "")  # cluster and Dag
    several_clusters: bool = False
    gaps: tuple[Gap, ...] = ()


def incidents_of(failures: Iterable[FailureSeen], now: datetime) -> list[Incident]:
    """The incidents that these failures make up, in any order; those going on first, then by how
    many Dags they reach, the newest first."""
    groups: dict[str, dict[object, FailureSeen]] = defaultdict(dict)
    for one in failures:
        known = groups[one.incident].get(one.place)
        groups[one.incident][one.place] = one if known is None else _joined(known, one)
    found = [_incident(key, list(group.values()), now) for key, group in groups.items()]
    order = {course: place for place, course in enumerate(Course)}
    return sorted(
        found, key=lambda one: (order[one.course], -one.dag_count, -one.last_at.timestamp())
    )


def _joined(first: FailureSeen, second: FailureSeen) -> FailureSeen:
    """Of what was told twice the later try, with all that is known of either."""
    early, late = sorted((first, second), key=lambda one: one.at)
    return replace(
        late,
        is_answered=late.is_answered or (early.is_answered and early.at == late.at),
        title=late.title or early.title,
        kind=late.kind or early.kind,
        turn_id=late.turn_id or early.turn_id,
    )


def _incident(key: str, failures: Sequence[FailureSeen], now: datetime) -> Incident:
    ordered = _since_it_began(sorted(failures, key=lambda one: one.at))
    last = ordered[-1]
    dags = _by_dag(ordered)
    recovered = sum(all(one.is_answered for one in group) for group in dags.values())
    titled = next((one for one in reversed(ordered) if one.title), last)
    return Incident(
        key=key,
        title=titled.title,
        course=_course(last.at, recovered == len(dags), now),
        first_at=ordered[0].at,
        last_at=last.at,
        failures=len(ordered),
        runs=len({one.place[:3] for one in ordered}),
        tasks=len({(one.cluster, one.dag_id, one.task_id) for one in ordered}),
        dag_count=len(dags),
        clusters=tuple(sorted({one.cluster for one in ordered})),
        dags=tuple(list(dags)[:NAMED]),
        recovered=recovered,
        last_hour=sum(now - _HOUR < one.at <= now for one in ordered),
        hour_before=sum(now - 2 * _HOUR < one.at <= now - _HOUR for one in ordered),
        kind=titled.kind,
        turn_id=next((one.turn_id for one in reversed(ordered) if one.turn_id), ""),
    )


def _since_it_began(ordered: Sequence[FailureSeen]) -> Sequence[FailureSeen]:
    """The failures after its last long silence."""
    begin = 0
    for place, (before, after) in enumerate(pairwise(ordered), 1):
        if after.at - before.at > _APART:
            begin = place
    return ordered[begin:]


def _by_dag(ordered: Sequence[FailureSeen]) -> Mapping[tuple[str, str], list[FailureSeen]]:
    """Those that failed last come first."""
    found: dict[tuple[str, str], list[FailureSeen]] = defaultdict(list)
    for one in reversed(ordered):
        found[one.cluster, one.dag_id].append(one)
    return found


def _course(last_at: datetime, is_well: bool, now: datetime) -> Course:
    if is_well:
        return Course.OVER
    return Course.ONGOING if now - last_at <= _QUIET else Course.QUIET
