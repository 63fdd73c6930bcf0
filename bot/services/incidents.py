"""What fails right now, and whether others have the same: answered from the incidents."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.diagnosis.incident_key import incident_key
from bot.domain.answers import Diagnosis, Reply, Unsupported
from bot.domain.conversations import Turn
from bot.domain.errors import AirflowError
from bot.domain.evidence import Gap, GapReason, TaskInstance
from bot.domain.incidents import (
    About,
    Course,
    FailingUnknown,
    FailureSeen,
    Incident,
    IncidentsReport,
    incidents_of,
)
from bot.domain.questions import Question
from bot.domain.verdicts import VerdictKind
from bot.services.incident_ports import Incidents
from bot.services.ports import Cluster, ConversationStore
from bot.services.sights import Sight
from bot.words import mark, number, say, say_many

HOURS = 24
_ALIKE = timedelta(days=14)
_FAILURES = 200  # task instances read of each cluster
_KNOWN = 5_000  # failures of incidents
_LOOKED_UP = 20  # Dags of each cluster whose latest run is asked for
_SHOWN = 10
_UNKNOWN_SHOWN = 10
_SECONDS = 10.0
_NO_THIS = mark("tell what you mean by “this”")
_ASK_THERE = mark("Ask that in the thread of a diagnosis, or first about a Dag by its name.")

_OF_PLATFORM = frozenset({VerdictKind.PLATFORM, VerdictKind.CAPACITY})

Dag = tuple[str, str]  # cluster and Dag


@dataclass(frozen=True)
class IncidentService:
    """`sight` says what an asker may see. `now` gives aware UTC times."""

    incidents: Incidents
    turns: ConversationStore
    sight: Callable[[Question], Awaitable[Sight]]
    now: Callable[[], datetime]

    async def failing(self, question: Question, reference: str) -> Reply:
        """Everything that failed lately and did not run well since, by what it comes from.

        Never raises for a cluster that is silent or slow: that is a gap. Raises `StoreError`.
        """
        at, sight = self.now(), await self.sight(question)
        clusters = _meant(question.text, sight.clusters)
        since = at - timedelta(hours=HOURS)
        kept = await self.incidents.since(since, _KNOWN)
        known = [one for one in await _seen(kept, sight) if one.cluster in clusters]
        looks = [_Look(cluster, since, known) for cluster in clusters.values()]
        await asyncio.gather(*(look.within(_SECONDS) for look in looks))
        found = incidents_of([one for look in looks for one in look.known], at)
        unknown = sorted(
            (one for look in looks for one in look.unknown()),
            key=lambda one: -(one.last_at.timestamp() if one.last_at else 0.0),
        )
        more = max(0, len(found) - _SHOWN) + max(0, len(unknown) - _UNKNOWN_SHOWN)
        return IncidentsReport(
            reference,
            About.NOW,
            tuple(found[:_SHOWN]),
            tuple(unknown[:_UNKNOWN_SHOWN]),
            HOURS,
            more,
            several_clusters=len(clusters) > 1,
            gaps=tuple(gap for look in looks for gap in look.gaps),
        )

    async def alike(self, question: Question, reference: str) -> Reply:
        """Who else had what the thread is about. Raises `StoreError`."""
        turn = await self._diagnosed(question)
        sight = await self.sight(question)
        if turn is None or not isinstance(turn.reply, Diagnosis):
            return Unsupported(reference, _NO_THIS, _ASK_THERE)
        target = turn.reply.target
        if not await sight.sees(target):
            return Unsupported(reference, _NO_THIS, _ASK_THERE)
        key = incident_key(turn.reply.verdict, target, turn.evidence)
        at = self.now()
        seen = await _seen(await self.incidents.of(key, at - _ALIKE, _KNOWN), sight)
        return IncidentsReport(
            reference,
            About.ALIKE,
            tuple(incidents_of(seen, at)),
            hours=int(_ALIKE.total_seconds() // 3_600),
            own=(target.cluster, target.dag_id or ""),
            several_clusters=len(sight.clusters) > 1,
        )

    async def kept(self, sight: Sight) -> Sequence[Incident]:
        """What failed in the last hours as far as it is kept: no cluster is asked. Raises
        `StoreError`."""
        at = self.now()
        failures = await self.incidents.since(at - timedelta(hours=HOURS), _KNOWN)
        return incidents_of(await _seen(failures, sight), at)

    async def troubles(self, sight: Sight) -> Sequence[Incident]:
        """What the platform has to answer for and is not over, on the clusters that may be seen.
        Raises `StoreError`."""
        at = self.now()
        kept = await self.incidents.since(at - timedelta(hours=HOURS), _KNOWN)
        found = incidents_of(await _seen(kept, sight), at)
        return [one for one in found if one.kind in _OF_PLATFORM and one.course is not Course.OVER][
            :_SHOWN
        ]

    async def _diagnosed(self, question: Question) -> Turn | None:
        turns = await self.turns.turns(question.thread)
        found = (one for one in reversed(turns) if isinstance(one.reply, Diagnosis))
        return next(found, None)


async def _seen(failures: Iterable[FailureSeen], sight: Sight) -> list[FailureSeen]:
    """Those of Dags that may be seen; each Dag is asked for once."""
    visible: dict[Dag, bool] = {}
    found = []
    for one in failures:
        dag = (one.cluster, one.dag_id)
        if dag not in visible:
            is_there = one.cluster in sight.clusters
            visible[dag] = is_there and await sight.sees(one.target)
        if visible[dag]:
            found.append(one)
    return found


def _meant(text: str, clusters: Mapping[str, Cluster]) -> Mapping[str, Cluster]:
    """The clusters that are named; all where none is."""
    words = set(re.findall(r"[\w-]+", text.lower()))
    named = {name: one for name, one in clusters.items() if name.lower() in words}
    return named or clusters


@dataclass
class _Look:
    """One cluster looked through; what was found before the deadline counts."""

    cluster: Cluster
    since: datetime
    every: Sequence[FailureSeen]
    known: list[FailureSeen] = field(default_factory=list)
    failed: list[TaskInstance] = field(default_factory=list)
    well: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # a Dag's latest run
    gaps: list[Gap] = field(default_factory=list)

    async def within(self, seconds: float) -> None:
        name = self.cluster.name
        own = [one for one in self.every if one.cluster == name]
        try:
            async with asyncio.timeout(seconds):
                await self._through(own)
        except TimeoutError:
            late = say("{name} was not looked through in {n} s", name=name, n=number(seconds))
            self._gap(GapReason.TIMEOUT, late)
        except AirflowError as error:
            self._gap(GapReason.UNAVAILABLE, f"{name}: {error}")
        self.known = [
            replace(
                one, is_answered=one.is_answered or self._is_well(one.dag_id, one.run_id, one.at)
            )
            for one in own
        ]

    def unknown(self) -> list[FailingUnknown]:
        """Dags with failures of no incident, that did not run well since."""
        places = {one.place for one in self.known}
        found: dict[str, FailingUnknown] = {}
        for task in self.failed:
            place = (self.cluster.name, task.dag_id, task.run_id, task.task_id, task.map_index)
            if place in places or (task.end and self._is_well(task.dag_id, task.run_id, task.end)):
                continue
            before = found.get(task.dag_id)
            if before is None:
                found[task.dag_id] = FailingUnknown(
                    self.cluster.name, task.dag_id, task.task_id, 1, task.end
                )
            else:
                found[task.dag_id] = replace(before, failures=before.failures + 1)
        return list(found.values())

    async def _through(self, own: Sequence[FailureSeen]) -> None:
        seen = await self.cluster.find_failed(self.since, limit=_FAILURES)
        self.gaps.extend(seen.gaps)
        self.failed.extend(seen.task_instances)
        if len(seen.task_instances) >= _FAILURES:
            detail = say(
                "{name}: only the newest {n} failures were looked at",
                name=self.cluster.name,
                n=number(_FAILURES),
            )
            self._gap(GapReason.TOO_LARGE, detail)
        failing = [one.dag_id for one in own if not one.is_answered]
        dags = list(dict.fromkeys([*failing, *(one.dag_id for one in self.failed)]))
        await asyncio.gather(*map(self._latest, dags[:_LOOKED_UP]))
        if len(dags) > _LOOKED_UP:
            detail = say_many(
                "whether {n} more Dag runs well again was not asked",
                "whether {n} more Dags run well again was not asked",
                len(dags) - _LOOKED_UP,
            )
            self._gap(GapReason.NOT_ASKED, detail)

    async def _latest(self, dag_id: str) -> None:
        seen = await self.cluster.runs(dag_id, limit=1)
        for run in seen.runs:
            if run.state == "success" and run.end is not None:
                self.well[dag_id] = (run.run_id, run.end)

    def _is_well(self, dag_id: str, run_id: str, failed_at: datetime) -> bool:
        """A run may end well with a task failed in it."""
        well = self.well.get(dag_id)
        return well is not None and well[0] != run_id and well[1] > failed_at

    def _gap(self, reason: GapReason, detail: str) -> None:
        self.gaps.append(Gap(mark("failures"), reason, detail))
