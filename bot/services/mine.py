"""The Dags of one person that fail now, within a bounded number of calls and a deadline."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.errors import AirflowError
from bot.domain.evidence import Gap, GapReason, TaskInstance
from bot.domain.people import Profile
from bot.domain.questions import Asker, Question
from bot.domain.reports import FailingDag, FailingDags
from bot.domain.targets import Target
from bot.services.own_dags import Ownership
from bot.services.people_ports import PreferenceStore, Profiles
from bot.services.ports import Cluster
from bot.services.sight import SeenBy
from bot.words import mark, mark_many, number, say, say_many

HOURS = 24
_FAILURES = 200  # task instances read of each cluster
_LOOKED_UP = 30  # Dags of each cluster whose owners are asked for
_SHOWN = 10
_KEPT = 500  # people


@dataclass(frozen=True, slots=True)
class _Newest:
    task: TaskInstance
    count: int


@dataclass
class MineService:
    """`owners` maps Airflow's owners to people; what was found holds for `fresh` seconds."""

    seen: SeenBy
    profiles: Profiles
    preferences: PreferenceStore
    now: Callable[[], datetime]
    owners: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seconds: float = 8.0
    fresh: float = 60.0
    _found: OrderedDict[tuple[str, str], tuple[datetime, FailingDags]] = field(
        default_factory=OrderedDict
    )

    async def report(self, question: Question, reference: str) -> FailingDags:
        """The reply to "which of mine fail?"."""
        found = await self.failing(question.asker, question.thread.workspace)
        return replace(found, reference=reference)

    async def failing_of(
        self, asker: Asker, workspace: str, patterns: Sequence[str], cluster: str = ""
    ) -> FailingDags:
        """The Dags that fit `patterns` and fail now, whosesoever they are, as the asker may see
        them; of one cluster alone where that is named. Never raises either."""
        key, at = (workspace, f"{asker.user_id} {cluster} {' '.join(patterns)}"), self.now()
        if (known := self._known(key, at)) is not None:
            return known
        clusters = await self.seen(asker, "")
        if cluster:
            clusters = {name: one for name, one in clusters.items() if name == cluster}
        ownership = Ownership(Profile(asker.user_id), patterns, {})
        return self._keep(key, at, await self._look(ownership, clusters, at))

    def forget(self, workspace: str, user_id: str) -> None:
        """What was found for them holds no more: they changed what is theirs."""
        self._found.pop((workspace, user_id), None)

    async def failing(self, asker: Asker, workspace: str) -> FailingDags:
        """Never raises for a cluster that is silent or slow: that is a gap."""
        key, at = (workspace, asker.user_id), self.now()
        if (known := self._known(key, at)) is not None:
            return known
        profile = await self.profiles.profile(asker.user_id)
        wanted = await self.preferences.preferences(workspace, asker.user_id)
        ownership = Ownership(profile, wanted.patterns, self.owners)
        found = await self._look(ownership, await self.seen(asker, ""), at)
        return self._keep(key, at, replace(found, patterns=wanted.patterns))

    def _known(self, key: tuple[str, str], at: datetime) -> FailingDags | None:
        known = self._found.get(key)
        is_fresh = known is not None and at - known[0] < timedelta(seconds=self.fresh)
        return known[1] if known is not None and is_fresh else None

    def _keep(self, key: tuple[str, str], at: datetime, found: FailingDags) -> FailingDags:
        self._found[key] = (at, found)
        while len(self._found) > _KEPT:
            self._found.popitem(last=False)
        return found

    async def _look(
        self, ownership: Ownership, clusters: Mapping[str, Cluster], at: datetime
    ) -> FailingDags:
        looks = [_Look(ownership, cluster, at) for cluster in clusters.values()]
        await asyncio.gather(*(look.within(self.seconds) for look in looks))
        dags = sorted(
            (dag for look in looks for dag in look.dags),
            key=lambda dag: (dag.recovered, -(dag.failed_at.timestamp() if dag.failed_at else 0.0)),
        )
        return FailingDags(
            reference="",
            dags=tuple(dags[:_SHOWN]),
            hours=HOURS,
            known_as=ownership.known_as,
            several_clusters=len(clusters) > 1,
            more=max(0, len(dags) - _SHOWN),
            gaps=tuple(gap for look in looks for gap in look.gaps),
        )


@dataclass
class _Look:
    """One cluster looked through; what was found before the deadline counts."""

    ownership: Ownership
    cluster: Cluster
    at: datetime
    dags: list[FailingDag] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    async def within(self, seconds: float) -> None:
        name = self.cluster.name
        try:
            async with asyncio.timeout(seconds):
                await self._through()
        except TimeoutError:
            self._gap(
                GapReason.TIMEOUT,
                say("{name} was not looked through in {n} s", name=name, n=number(seconds)),
            )
        except AirflowError as error:
            self._gap(GapReason.UNAVAILABLE, f"{name}: {error}")

    async def _through(self) -> None:
        since = self.at - timedelta(hours=HOURS)
        seen = await self.cluster.find_failed(since, limit=_FAILURES)
        self.gaps.extend(seen.gaps)
        failed = _newest_of_each(seen.task_instances)
        mine = {dag_id: why for dag_id in failed if (why := self.ownership.by_pattern(dag_id))}
        # Nobody's name is looked for among owners in vain.
        others = failed if self.ownership.known_as else {}
        rest = [dag_id for dag_id in others if dag_id not in mine]
        await asyncio.gather(
            *(self._one(failed[dag_id], why) for dag_id, why in mine.items()),
            *(self._if_owned(failed[dag_id]) for dag_id in rest[:_LOOKED_UP]),
        )
        if len(rest) > _LOOKED_UP:
            left = len(rest) - _LOOKED_UP
            one, many = mark_many(
                "the owners of {n} more failing Dag were not read",
                "the owners of {n} more failing Dags were not read",
            )
            self._gap(GapReason.NOT_ASKED, say_many(one, many, left))

    async def _if_owned(self, newest: _Newest) -> None:
        details = await self.cluster.dag(newest.task.dag_id)
        why = self.ownership.by_owner(details.owners) if details is not None else ""
        if why:
            await self._one(newest, why)

    async def _one(self, newest: _Newest, why: str) -> None:
        task = newest.task
        latest = await self.cluster.runs(task.dag_id, limit=1)
        run = next(iter(latest.runs), None)
        target = Target(self.cluster.name, task.dag_id, task.run_id)
        link = next((one.url for one in self.cluster.links(target) if one.label == "Run"), "")
        self.dags.append(
            FailingDag(
                cluster=self.cluster.name,
                dag_id=task.dag_id,
                why_yours=why,
                task_id=task.task_id,
                run_id=task.run_id,
                failed_at=task.end,
                failed_tasks=newest.count,
                recovered=run is not None and run.state == "success" and run.run_id != task.run_id,
                link=link,
            )
        )

    def _gap(self, reason: GapReason, detail: str) -> None:
        self.gaps.append(Gap(mark("failing Dags"), reason, detail))


def _newest_of_each(failed: Sequence[TaskInstance]) -> dict[str, _Newest]:
    """The failure of each Dag that ended last, with how many there were."""
    newest: dict[str, _Newest] = {}
    for task in sorted(failed, key=lambda one: one.end.timestamp() if one.end else 0.0):
        before = newest.get(task.dag_id)
        newest[task.dag_id] = _Newest(task, before.count + 1 if before else 1)
    return dict(sorted(newest.items(), key=lambda item: -_ended(item[1].task)))


def _ended(task: TaskInstance) -> float:
    return task.end.timestamp() if task.end else 0.0
