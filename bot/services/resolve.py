"""From hints to one target: asks the clusters which Dag, run and task the words can mean."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.domain.errors import AirflowError
from bot.domain.evidence import TaskInstance
from bot.domain.targets import (
    Ambiguous,
    Found,
    Nowhere,
    Option,
    Resolution,
    Target,
    TargetHints,
)
from bot.questions.choices import (
    DagMatch,
    best_matches,
    dag_option,
    failure_option,
    newest_of_each_task,
    spellings,
    task_part,
    unregistered_option,
)
from bot.questions.names import Fit, NameIndex, plain
from bot.questions.runs import choose_run, hours_in_words, hours_meant
from bot.questions.words import is_id_like
from bot.services.ports import Cluster

T = TypeVar("T")

MAX_OPTIONS = 5
_RUNS_LOOKED_AT = 25
_NAMES_SEARCHED = 3
_LOOK_BACK = timedelta(hours=48)


class Resolver:
    """Finds the target of a question over all clusters."""

    def __init__(
        self,
        clusters: Mapping[str, Cluster],
        timezones: Mapping[str, ZoneInfo],
        default: str | None = None,
    ) -> None:
        """`default` is the cluster meant where the same Dag is on several and none is named."""
        self._clusters = clusters
        self._timezones = timezones
        self._default = default
        self._indexes: dict[str, tuple[int, NameIndex]] = {}

    async def resolve(
        self, hints: TargetHints, now: datetime, *, unfinished: bool = False
    ) -> Resolution:
        """One target, several to choose from, or nowhere.

        `unfinished`: the question is about work that does not start or end, so a run in progress
        is preferred to a failed one. Raises `AirflowUnavailable` where no cluster answers.
        """
        if hints.exact is not None and hints.exact.dag_id:
            return await self._exact(hints, hints.exact, now, unfinished)
        if hints.names or hints.task:
            return await self._named(hints, now, unfinished)
        return await self._unnamed(hints, now)

    def _where(self, hints: TargetHints) -> Sequence[str]:
        if hints.cluster is not None and hints.cluster in self._clusters:
            return (hints.cluster,)
        return tuple(self._clusters)

    async def _exact(
        self, hints: TargetHints, target: Target, now: datetime, unfinished: bool
    ) -> Resolution:
        if target.cluster not in self._clusters:
            return await self._named(_by_name(hints, target), now, unfinished)
        if target.run_id is not None:
            return Found(target)
        return await self._with_run(target, hints, now, unfinished, "")

    async def _named(self, hints: TargetHints, now: datetime, unfinished: bool) -> Resolution:
        where = self._where(hints)
        matches, silent = await self._dags(hints, where)
        if not matches:
            matches = await self._unlisted_dags(hints, [w for w in where if w not in silent])
        best = self._preferring_default(best_matches(matches))
        if not best:
            return await self._by_task(hints, where, silent, now)
        if len(best) > 1:
            return await self._which(best, [w for w in where if w not in silent], len(where) > 1)
        match = best[0]
        target = Target(
            match.cluster,
            match.dag_id,
            hints.run_id,
            await self._task_named(match, hints),
            hints.map_index,
            hints.try_number,
        )
        note = "" if match.fit >= Fit.SAME_WORDS else f"closest Dag to “{match.said}”"
        if target.run_id is not None:
            return Found(target, note)
        return await self._with_run(target, hints, now, unfinished, note)

    async def _which(
        self, best: Sequence[DagMatch], where: Sequence[str], several: bool
    ) -> Ambiguous:
        """Offers the matches; for a name that no Dag has, also the files that do not import."""
        said = best[0].said
        options = [dag_option(match, several=several) for match in best[:MAX_OPTIONS]]
        more = f" ({len(best) - MAX_OPTIONS} more)" if len(best) > MAX_OPTIONS else ""
        if best[0].fit is not Fit.TYPO:
            return Ambiguous(f"Which Dag do you mean by “{said}”?{more}", tuple(options))
        broken = await self._import_errors_behind(said, where)
        if broken is not None:
            options.append(unregistered_option(broken))
        question = f"There is no Dag “{said}”. Did you mean one of these?{more}"
        return Ambiguous(question, tuple(options))

    async def _dags(
        self, hints: TargetHints, where: Sequence[str]
    ) -> tuple[list[DagMatch], list[str]]:
        """All Dags that fit any of the names, and the clusters that did not answer."""
        looked = await asyncio.gather(*(self._index(name) for name in where))
        indexes = _unless_all_failed(dict(zip(where, looked, strict=True)))
        silent = [name for name in where if name not in indexes]
        names = (*hints.names, *((" ".join(hints.names[:4]),) if len(hints.names) > 1 else ()))
        matches = [
            DagMatch(cluster, match.id, match.fit, match.score, said)
            for cluster, index in indexes.items()
            for said in names
            for spelling in spellings(said)
            for match in index.find(spelling)
        ]
        return matches, silent

    async def _unlisted_dags(self, hints: TargetHints, where: Sequence[str]) -> list[DagMatch]:
        """Of a large cluster the list may not be complete yet: Airflow itself is asked."""
        names = [name for name in hints.names if is_id_like(name)][:_NAMES_SEARCHED]
        matches = []
        for cluster in where:
            for said in names:
                try:
                    index = NameIndex(await self._clusters[cluster].search_dags(said))
                except AirflowError:
                    break
                found = index.find(said)
                matches += [DagMatch(cluster, m.id, m.fit, m.score, said) for m in found]
        return matches

    def _preferring_default(self, best: list[DagMatch]) -> list[DagMatch]:
        """The default cluster's match where the same Dag is on several clusters."""
        if len({match.dag_id for match in best}) > 1:
            return best
        return [match for match in best if match.cluster == self._default] or best

    async def _index(self, cluster: str) -> NameIndex | AirflowError:
        try:
            ids = await self._clusters[cluster].dag_ids()
        except AirflowError as error:
            return error
        known = self._indexes.get(cluster)
        if known is not None and known[0] == id(ids):
            return known[1]
        # Seconds of work for tens of thousands of ids: not on the event loop.
        index = await asyncio.to_thread(NameIndex, ids)
        self._indexes[cluster] = (id(ids), index)
        return index

    async def _task_named(self, match: DagMatch, hints: TargetHints) -> str | None:
        """The task among the words that did not name the Dag."""
        rest = [n for n in hints.names if n != match.said and plain(n) != plain(match.dag_id)]
        dotted = [s for s in (task_part(match.dag_id, n) for n in hints.names) if s]
        said = [name for name in (*dotted, hints.task, *rest) if name]
        if not said:
            return None
        try:
            ids = await self._clusters[match.cluster].task_ids(match.dag_id)
        except AirflowError:
            return None
        index = NameIndex(ids)
        for name in said:
            found = index.find(name)
            certain = found and (found[0].fit >= Fit.PREFIX or is_id_like(name))
            if certain and (len(found) == 1 or found[0].fit > found[1].fit):
                return found[0].id
        return None

    async def _by_task(
        self, hints: TargetHints, where: Sequence[str], silent: Sequence[str], now: datetime
    ) -> Resolution:
        """No Dag of that name: perhaps a task that failed lately has it."""
        names = [n for n in (hints.task, *hints.names) if n]
        failed = await self._failed_lately([w for w in where if w not in silent], now)
        options: dict[Target, Option] = {}
        for cluster, seen in failed.items():
            index = NameIndex({one.task_id for one in seen})
            for name in names:
                fits = {m.id for m in index.find(name) if m.fit >= Fit.SAME_WORDS}
                for one in seen:
                    if one.task_id in fits:
                        option = failure_option(cluster, one, several=len(where) > 1)
                        options.setdefault(option.target, option)
        if len(options) == 1:
            target = next(iter(options))
            return Found(
                replace(target, try_number=hints.try_number), "the task that failed lately"
            )
        if options:
            return Ambiguous(
                f"“{names[0]}” failed in several places. Which one?",
                tuple(options.values())[:MAX_OPTIONS],
            )
        return await self._not_found(names, where, silent)

    async def _not_found(
        self, names: Sequence[str], where: Sequence[str], silent: Sequence[str]
    ) -> Resolution:
        said = next((name for name in names if is_id_like(name)), names[0])
        broken = await self._import_errors_behind(said, [w for w in where if w not in silent])
        if broken is not None:
            return Found(broken, f"no Dag “{said}” is registered, and files fail to import")
        remedy = "Paste the link of the run in Airflow, or write the Dag id as Airflow shows it."
        if silent:
            remedy = f"{', '.join(silent)} did not answer, so it may be there. " + remedy
        return Nowhere(
            looked_for=f"a Dag or a failed task called “{said}”",
            where=tuple(where),
            remedy=remedy,
        )

    async def _import_errors_behind(self, said: str, where: Sequence[str]) -> Target | None:
        """The cluster whose import errors may hide a Dag that was never registered."""
        if not is_id_like(said):
            return None
        for name in where:
            try:
                report = await self._clusters[name].report(5)
            except AirflowError:
                continue
            if report.import_errors:
                return Target(name, said)
        return None

    async def _unnamed(self, hints: TargetHints, now: datetime) -> Resolution:
        """Nothing was named: offer what failed lately."""
        where = self._where(hints)
        failed = await self._failed_lately(where, now)
        options = [
            failure_option(cluster, one, several=len(where) > 1)
            for cluster, seen in failed.items()
            for one in newest_of_each_task(seen)
        ]
        if not options:
            return Nowhere(
                looked_for="a failure in the last two days",
                where=tuple(where),
                remedy="Name the Dag, or paste the link of the run in Airflow.",
            )
        return Ambiguous(
            "Which failure do you mean? These are the latest:", tuple(options[:MAX_OPTIONS])
        )

    async def _failed_lately(
        self, where: Sequence[str], now: datetime
    ) -> dict[str, Sequence[TaskInstance]]:
        async def failed(name: str) -> Sequence[TaskInstance] | AirflowError:
            try:
                seen = await self._clusters[name].find_failed(now - _LOOK_BACK)
            except AirflowError as error:
                return error
            return seen.task_instances

        found = await asyncio.gather(*(failed(name) for name in where))
        return _unless_all_failed(dict(zip(where, found, strict=True)))

    async def _with_run(
        self, target: Target, hints: TargetHints, now: datetime, unfinished: bool, note: str
    ) -> Resolution:
        """The run that the words point at. A Dag that never ran is a target without a run."""
        if target.dag_id is None:
            return Found(target, note)
        cluster = self._clusters[target.cluster]
        zone = self._timezones.get(target.cluster, ZoneInfo("UTC"))
        window = hours_meant(hints, now, zone)
        seen = await cluster.runs(
            target.dag_id,
            since=window[0] if window else None,
            until=window[1] if window else None,
            limit=_RUNS_LOOKED_AT,
        )
        runs = seen.runs
        if not runs and window is not None:
            return Nowhere(
                looked_for=f"a run of {target.dag_id} {hours_in_words(hints)} ({zone.key})",
                where=(target.cluster,),
                remedy="Ask for the latest run, or paste the link of the run in Airflow.",
            )
        run, words = choose_run(runs, hints.run, unfinished)
        if run is None:
            return Found(target, note)
        chosen = replace(target, run_id=run.run_id)
        return Found(chosen, "; ".join(part for part in (note, words) if part))


def _unless_all_failed(found: Mapping[str, T | AirflowError]) -> dict[str, T]:
    """What the clusters that answered said. Raises an error of the others where none did."""
    said = {name: one for name, one in found.items() if not isinstance(one, AirflowError)}
    errors = [one for one in found.values() if isinstance(one, AirflowError)]
    if errors and not said:
        raise errors[0]
    return said


def _by_name(hints: TargetHints, target: Target) -> TargetHints:
    """What an alert or a foreign address says, to be looked for by name on every cluster."""
    return replace(
        hints,
        exact=None,
        names=(target.dag_id or "",),
        task=target.task_id,
        run_id=target.run_id,
        map_index=target.map_index,
        try_number=target.try_number,
    )
