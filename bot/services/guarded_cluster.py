"""A cluster as somebody may see it: what they may not see is not there.

Whoever asks for a Dag that is hidden from them gets what Airflow says of a Dag that it does not
have, at the price of the same calls. So neither words nor time tell the one from the other.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import TypeVar

from bot.domain.access import Action, Allowed, Decision, Labels, Rights
from bot.domain.answers import ClusterReport, Link
from bot.domain.checks import Check
from bot.domain.evidence import (
    DagDetails,
    DagRun,
    Evidence,
    Gap,
    GapReason,
    ImportProblem,
    ProducedAsset,
    TaskInstance,
    WaitingSensor,
)
from bot.domain.logs import LogReading
from bot.domain.targets import Target
from bot.questions.veil import Veil, mapped, veil_over
from bot.services.diagnose import TASK_LOG
from bot.services.ports import Cluster, RunsSeen, TasksSeen
from bot.words import mark

NO_SUCH_DAG = "airflow-bot.no-such-dag"
"""What is asked for in place of a hidden Dag. No Dag bears that name."""

_MORE = 5  # times as many rows are read where some of them will be left out
_SEARCHED = 100
_KEPT = 64

T = TypeVar("T", DagDetails, DagRun, TaskInstance, WaitingSensor)


@dataclass(frozen=True, slots=True)
class Listed:
    """The Dags of one cluster, seen with certain rights. `ids` stays the same object for as long
    as the cluster's own list does."""

    ids: tuple[str, ...]
    veil: Veil


class Lists:
    """What is listed for whom, worked out once for each list of Dags and each set of rights."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._known: OrderedDict[tuple[Rights, str], tuple[object, Listed]] = OrderedDict()

    async def of(self, cluster: Cluster, rights: Rights) -> Listed:
        """Raises what the cluster does."""
        ids = await cluster.dag_ids()
        labels: Mapping[str, Labels] = {}
        if rights.needs_details(cluster.name):
            labels = await cluster.labels()
        key, made_of = (rights, cluster.name), (ids, labels)
        known = self._known.get(key)
        if known is not None and _same(known[0], made_of):
            self._known.move_to_end(key)
            return known[1]
        # Tens of thousands of ids take a while: not on the event loop.
        listed = await asyncio.to_thread(_listed, cluster.name, ids, dict(labels), rights)
        if known is not None and known[1].ids == listed.ids:
            listed = replace(listed, ids=known[1].ids)
        self._known[key] = (made_of, listed)
        while len(self._known) > self._kept:
            self._known.popitem(last=False)
        return listed


def _same(one: object, other: object) -> bool:
    match one, other:
        case (ids, labels), (other_ids, other_labels):
            return ids is other_ids and labels is other_labels
    return False


def _listed(
    cluster: str, ids: Sequence[str], labels: Mapping[str, Labels], rights: Rights
) -> Listed:
    def is_seen(dag_id: str) -> bool:
        known = labels.get(dag_id)
        tags, owners = (known.tags, known.owners) if known else (frozenset(), frozenset())
        dag = Labels(cluster, dag_id, tags, owners)
        return isinstance(rights.may(Action.READ, dag), Allowed)

    seen = tuple(one for one in ids if is_seen(one))
    kept = frozenset(seen)
    return Listed(seen, veil_over((one for one in ids if one not in kept), kept))


@dataclass
class GuardedCluster:
    """The port `Cluster` over another, for one question: decisions on single Dags are remembered.

    `veil` covers what is hidden on any cluster, since texts name Dags of others.
    """

    inner: Cluster
    rights: Rights
    lists: Lists
    veil: Callable[[], Awaitable[Veil]]
    _decided: dict[str, Labels | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def base_url(self) -> str:
        return self.inner.base_url

    async def decide(self, action: Action, dag_id: str) -> Decision:
        """Raises `AirflowError` where that depends on what the cluster does not tell now."""
        if not self.rights.needs_details(self.name):
            return self.rights.may(action, Labels(self.name, dag_id))
        if dag_id not in self._decided:
            # Fresh: the list may be minutes old, and a tag that was taken away is to count.
            self._decided[dag_id] = labels_of(self.name, await self.inner.dag(dag_id))
        labels = self._decided[dag_id]
        if labels is None:
            # Without them it is decided by what needs none of them.
            return self.rights.may(action, Labels(self.name, dag_id))
        return self.rights.may(action, labels)

    async def sees(self, dag_id: str, action: Action = Action.READ) -> bool:
        return isinstance(await self.decide(action, dag_id), Allowed)

    async def dag_ids(self) -> Sequence[str]:
        return (await self.lists.of(self.inner, self.rights)).ids

    async def labels(self) -> Mapping[str, Labels]:
        known, ids = await self.inner.labels(), frozenset(await self.dag_ids())
        return {dag_id: one for dag_id, one in known.items() if dag_id in ids}

    async def search_dags(self, words: str, limit: int = 20) -> Sequence[str]:
        found = await self.inner.search_dags(words, max(limit * _MORE, _SEARCHED))
        return [one for one in found if await self.sees(one)][:limit]

    async def dag(self, dag_id: str) -> DagDetails | None:
        if not await self.sees(dag_id):
            await self.inner.dag(NO_SUCH_DAG)
            return None
        return (await self.veil()).over(await self.inner.dag(dag_id))

    async def runs(
        self,
        dag_id: str,
        *,
        state: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 10,
    ) -> RunsSeen:
        asked = await self._asked(dag_id)
        found = await self.inner.runs(asked, state=state, since=since, until=until, limit=limit)
        if asked != dag_id:
            return replace(_renamed(found, dag_id), runs=())
        return (await self.veil()).over(found)

    async def task_instances(self, dag_id: str, run_id: str) -> TasksSeen:
        asked = await self._asked(dag_id)
        found = await self.inner.task_instances(asked, run_id)
        if asked != dag_id:
            return replace(_renamed(found, dag_id), task_instances=())
        return (await self.veil()).over(found)

    async def instances_of(
        self, dag_id: str, task_id: str, *, since: datetime | None = None
    ) -> TasksSeen:
        asked = await self._asked(dag_id)
        found = await self.inner.instances_of(asked, task_id, since=since)
        if asked != dag_id:
            return replace(_renamed(found, dag_id), task_instances=())
        return (await self.veil()).over(found)

    async def find_failed(self, since: datetime, limit: int = 100) -> TasksSeen:
        """Of so many times the rows, since others' failures are among them."""
        read = limit * _MORE
        found = await self.inner.find_failed(since, read)
        seen = await self._only_seen(found.task_instances)
        gaps = found.gaps
        if len(found.task_instances) >= read and len(seen) < limit:
            detail = mark("there were too many failures to look at all of them")
            gaps = (*gaps, Gap("task instances", GapReason.TOO_LARGE, detail))
        return (await self.veil()).over(TasksSeen(seen[:limit], gaps))

    async def task_ids(self, dag_id: str) -> Sequence[str]:
        asked = await self._asked(dag_id)
        found = await self.inner.task_ids(asked)
        return found if asked == dag_id else ()

    async def import_problems(self) -> tuple[Sequence[ImportProblem], Sequence[Gap]]:
        """Those of files that are named like a Dag that may be seen: their Dags have no ids."""
        problems, gaps = await self.inner.import_problems()
        return await self._own_problems(problems), gaps

    async def gather(self, target: Target, seconds: float) -> Evidence:
        dag_id = target.dag_id
        asked = await self._asked(dag_id) if dag_id else None
        found = await self.inner.gather(replace(target, dag_id=asked), seconds)
        if dag_id and asked == dag_id and not await self.sees(dag_id, Action.LOGS):
            found = _without_logs(found)
        # Those of a Dag that is there are of its own file already.
        problems = found.import_problems
        if found.dag is None:
            problems = tuple(await self._own_problems(problems))
        ids = {one.dag_id for one in found.events if one.dag_id} - {asked}
        seen = {one for one in ids if await self.sees(one)} | {asked, None, ""}
        found = replace(
            found,
            elsewhere=await self._only_seen(found.elsewhere),
            child_runs=await self._only_seen(found.child_runs),
            events=tuple(one for one in found.events if one.dag_id in seen),
            import_problems=problems,
            assets=await self._seen_assets(found.assets, asked),
            sensors=await self._only_seen(found.sensors),
        )
        tasks = {one.task_id for one in found.task_instances} | {one.task_id for one in found.tasks}
        found = (await self.veil()).sparing(tasks).over(found)
        return found if asked == dag_id else _renamed(found, dag_id or "")

    async def read_log(
        self, target: Target, seconds: float
    ) -> tuple[LogReading | None, Sequence[Gap]]:
        dag_id = target.dag_id or ""
        if not await self.sees(dag_id):
            hidden = replace(target, dag_id=NO_SUCH_DAG)
            _, gaps = await self.inner.read_log(hidden, seconds)
            return None, _renamed(tuple(gaps), dag_id)
        if not await self.sees(dag_id, Action.LOGS):
            return None, (_NO_LOGS,)
        reading, gaps = await self.inner.read_log(target, seconds)
        return (await self.veil()).over(reading), gaps

    async def report(self, seconds: float) -> ClusterReport:
        return (await self.veil()).over(await self.inner.report(seconds))

    async def doctor(self) -> Sequence[Check]:
        return await self.inner.doctor()

    def links(self, target: Target) -> Sequence[Link]:
        return self.inner.links(target)

    async def _asked(self, dag_id: str) -> str:
        return dag_id if await self.sees(dag_id) else NO_SUCH_DAG

    async def _only_seen(self, rows: Sequence[T]) -> tuple[T, ...]:
        """By the list, where details count: asking for each of a hundred Dags would take long."""
        if not self.rights.needs_details(self.name):
            return tuple([one for one in rows if await self.sees(one.dag_id)])
        ids = frozenset(await self.dag_ids()) if rows else frozenset[str]()
        return tuple(one for one in rows if one.dag_id in ids)

    async def _seen_assets(
        self, assets: Sequence[ProducedAsset], asked: str | None
    ) -> tuple[ProducedAsset, ...]:
        """With those of their consumers that may be seen; who else writes them is left out."""
        named = frozenset(one for asset in assets for one in asset.consumers)
        seen = {one.dag_id for one in await self._only_seen([DagDetails(one) for one in named])}
        return tuple(
            replace(
                one,
                writers=tuple(pair for pair in one.writers if pair[0] == asked),
                consumers=tuple(dag_id for dag_id in one.consumers if dag_id in seen),
            )
            for one in assets
        )

    async def _own_problems(self, problems: Iterable[ImportProblem]) -> Sequence[ImportProblem]:
        seen = []
        for one in problems:
            labels = Labels(self.name, PurePosixPath(one.filename).stem)
            if isinstance(self.rights.may(Action.READ, labels), Allowed):
                seen.append(one)
        return (await self.veil()).over(tuple(seen))


def labels_of(cluster: str, dag: DagDetails | None) -> Labels | None:
    if dag is None:
        return None
    return Labels(cluster, dag.dag_id, frozenset(dag.tags), frozenset(dag.owners))


_NO_LOGS = Gap(
    TASK_LOG,
    GapReason.FORBIDDEN,
    mark("you may see this Dag here, but not its logs"),
    mark("Ask somebody who may, or have the bot's access rules changed."),
)


def _without_logs(found: Evidence) -> Evidence:
    gaps = tuple(gap for gap in found.gaps if gap.source != TASK_LOG)
    return replace(found, log=None, other_logs=(), extra=(), gaps=(*gaps, _NO_LOGS))


Renamed = TypeVar("Renamed")


def _renamed(value: Renamed, dag_id: str) -> Renamed:
    return mapped(value, lambda text: text.replace(NO_SUCH_DAG, dag_id))
