"""From hints to one target: asks the clusters which Dag, run and task the words can mean."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.access import fits
from bot.domain.errors import AirflowError
from bot.domain.targets import (
    Ambiguous,
    Found,
    Resolution,
    Target,
    TargetHints,
)
from bot.questions.choices import (
    MAX_OPTIONS,
    DagMatch,
    best_matches,
    dag_option,
    spellings,
    task_part,
    unregistered_option,
)
from bot.questions.names import Fit, NameIndex, plain
from bot.questions.words import is_id_like
from bot.services.answering_clusters import unless_all_failed
from bot.services.broken_files import broken_files
from bot.services.name_indexes import NameIndexes
from bot.services.ports import Cluster
from bot.services.run_meant import RunMeant, no_such_day
from bot.services.several import which_of
from bot.services.without_dag import WithoutDag
from bot.words import say, say_many

_NAMES_SEARCHED = 3


class Resolver:
    """Finds the target of a question over all clusters."""

    def __init__(
        self,
        clusters: Mapping[str, Cluster],
        timezones: Mapping[str, ZoneInfo],
        default: str | None = None,
        *,
        likely: Sequence[str] = (),
        indexes: NameIndexes | None = None,
    ) -> None:
        """`default` is the cluster meant where the same Dag is on several and none is named;
        `likely` are patterns of the Dags that are meant where several fit equally well."""
        self._clusters = clusters
        self._timezones = timezones
        self._default = default
        self._likely = tuple(likely)
        self._without_dag = WithoutDag(clusters, timezones, self._likely)
        self._indexes = indexes or NameIndexes()

    async def resolve(
        self, hints: TargetHints, now: datetime, *, unfinished: bool = False
    ) -> Resolution:
        """One target, several to choose from, or nowhere.

        `unfinished`: the question is about work that does not start or end, so a run in progress
        is preferred to a failed one. Raises `AirflowUnavailable` where no cluster answers.
        """
        run_named = hints.run_id or (hints.exact and hints.exact.run_id)
        impossible = None if run_named else no_such_day(hints, now)
        if impossible is not None:
            return impossible
        if hints.exact is not None and hints.exact.dag_id:
            return await self._exact(hints, hints.exact, now, unfinished)
        if hints.several:
            single = next(iter(self._clusters)) if len(self._clusters) == 1 else ""
            return which_of(hints.several, single=single)
        if hints.names or hints.task:
            return await self._named(hints, now, unfinished)
        return await self._without_dag.unnamed(hints, self._where(hints), now)

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
        answering = [w for w in where if w not in silent]
        if not any(match.fit >= Fit.SAME_WORDS for match in matches):
            matches += await self._unlisted_dags(hints, answering)
        best = self._preferring_default(self._preferring_likely(best_matches(matches)))
        if not best:
            return await self._without_dag.by_task(hints, where, silent, now)
        unregistered = await self._unregistered(best, hints, answering)
        if unregistered is not None:
            return unregistered
        if len(best) > 1:
            return await self._which(best, answering, len(where) > 1)
        match = best[0]
        target = Target(
            match.cluster,
            match.dag_id,
            hints.run_id,
            await self._task_named(match, hints),
            hints.map_index,
            hints.try_number,
        )
        note = (
            "" if match.fit >= Fit.SAME_WORDS else say("closest Dag to “{name}”", name=match.said)
        )
        if target.run_id is not None:
            return Found(target, note)
        return await self._with_run(target, hints, now, unfinished, note)

    async def _unregistered(
        self, best: Sequence[DagMatch], hints: TargetHints, where: Sequence[str]
    ) -> Resolution | None:
        """The Dag that was named, where a broken file names it and no Dag bears that very name.

        An everyday word may as well mean the near Dag: then the asker says which.
        """
        certain = any(match.fit >= Fit.SAME_WORDS for match in best)
        named = [name for name in hints.names if name not in {match.said for match in best}]
        if not certain:
            named += [match.said for match in best]
        elif any(is_id_like(match.said) for match in best):
            return None
        if not named:
            return None
        files = await broken_files({name: self._clusters[name] for name in where})
        for name in dict.fromkeys(named):
            broken = files.naming(name, by_file=certain)
            if broken is None:
                continue
            if is_id_like(name):
                unlisted = say(
                    "no Dag “{name}” is registered: {file} is broken", name=name, file=broken[1]
                )
                return Found(broken[0], unlisted)
            options = [dag_option(match, several=len(where) > 1) for match in best]
            question = say(
                "{file} does not import, so there is no Dag “{name}”. Which is meant?",
                file=broken[1],
                name=name,
            )
            shown = (*options[: MAX_OPTIONS - 1], unregistered_option(broken[0]))
            return Ambiguous(question, shown)
        return None

    async def _which(
        self, best: Sequence[DagMatch], where: Sequence[str], several: bool
    ) -> Ambiguous:
        """Offers the matches; for a name that no Dag has, also the files that do not import."""
        said = best[0].said
        options = [dag_option(match, several=several) for match in best[:MAX_OPTIONS]]
        left = len(best) - MAX_OPTIONS
        more = say_many(" ({n} more)", " ({n} more)", left) if left > 0 else ""
        if best[0].fit is not Fit.TYPO:
            which = say("Which Dag do you mean by “{name}”?", name=said)
            return Ambiguous(which + more, tuple(options))
        files = await broken_files({name: self._clusters[name] for name in where})
        broken = files.perhaps(said)
        if broken is not None:
            options.append(unregistered_option(broken))
        question = say("There is no Dag “{name}”. Did you mean one of these?", name=said)
        return Ambiguous(question + more, tuple(options))

    async def _dags(
        self, hints: TargetHints, where: Sequence[str]
    ) -> tuple[list[DagMatch], list[str]]:
        """All Dags that fit any of the names, and the clusters that did not answer."""
        looked = await asyncio.gather(*(self._index(name) for name in where))
        indexes = unless_all_failed(dict(zip(where, looked, strict=True)))
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

    def _preferring_likely(self, best: list[DagMatch]) -> list[DagMatch]:
        """Those that fit the likely patterns, where any does."""
        if not self._likely:
            return best
        return [match for match in best if fits(self._likely, match.dag_id)] or best

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
        return await self._indexes.of(ids)

    async def _task_named(self, match: DagMatch, hints: TargetHints) -> str | None:
        """The task among the words that did not name the Dag."""
        rest = [n for n in hints.names if n != match.said and plain(n) != plain(match.dag_id)]
        dotted = [s for s in (task_part(match.dag_id, n) for n in hints.names) if s]
        said = [name for name in (*dotted, hints.task, *rest) if name]
        if not said:
            return None
        # What was called a task stays one, so that the answer can say that it is not there.
        outright = next((n for n in (*dotted, hints.task) if n and is_id_like(n)), None)
        try:
            ids = await self._clusters[match.cluster].task_ids(match.dag_id)
        except AirflowError:
            return outright
        index = NameIndex(ids)
        for name in said:
            found = index.find(name)
            certain = found and (found[0].fit >= Fit.PREFIX or is_id_like(name))
            if certain and (len(found) == 1 or found[0].fit > found[1].fit):
                return found[0].id
        return outright

    async def _with_run(
        self, target: Target, hints: TargetHints, now: datetime, unfinished: bool, note: str
    ) -> Resolution:
        """The run that the words point at. A Dag that never ran is a target without a run."""
        if target.dag_id is None:
            return Found(target, note)
        zone = self._timezones.get(target.cluster, ZoneInfo("UTC"))
        cluster = self._clusters[target.cluster]
        return await RunMeant(cluster, zone, target, hints, now, unfinished, note).found()


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
