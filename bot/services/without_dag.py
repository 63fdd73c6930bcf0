"""What is meant where no Dag bears the name, or where nothing was named at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.access import fits
from bot.domain.targets import Ambiguous, Found, Nowhere, Option, Resolution, Target, TargetHints
from bot.questions.choices import MAX_OPTIONS, failure_option, newest_of_each_task
from bot.questions.names import Fit, NameIndex
from bot.questions.words import is_id_like
from bot.services.broken_files import broken_files
from bot.services.failures_seen import FailuresSeen, failures_seen
from bot.services.ports import Cluster
from bot.words import say


@dataclass(frozen=True, slots=True)
class WithoutDag:
    """Looks through what failed and through files that do not import."""

    clusters: Mapping[str, Cluster]
    zones: Mapping[str, ZoneInfo]
    likely: tuple[str, ...] = ()  # patterns of the Dags that are meant rather than others

    async def by_task(
        self, hints: TargetHints, where: Sequence[str], silent: Sequence[str], now: datetime
    ) -> Resolution:
        """No Dag of that name: perhaps a task that failed lately has it."""
        names = [n for n in (hints.task, *hints.names) if n]
        seen = await self._failures([w for w in where if w not in silent], hints, now)
        options: dict[Target, Option] = {}
        for cluster, failed in seen.by_cluster.items():
            index = NameIndex({one.task_id for one in failed})
            for name in names:
                fits = {m.id for m in index.find(name) if m.fit >= Fit.SAME_WORDS}
                for one in failed:
                    if one.task_id in fits:
                        option = failure_option(cluster, one, several=len(where) > 1)
                        options.setdefault(option.target, option)
        if len(options) == 1:
            target = next(iter(options))
            words = say("the task that failed {when}", when=seen.when)
            return Found(replace(target, try_number=hints.try_number), words)
        if options:
            return Ambiguous(
                say("“{name}” failed in several places. Which one?", name=names[0]),
                tuple(options.values())[:MAX_OPTIONS],
            )
        return await self._not_found(names, where, silent, seen)

    async def _not_found(
        self,
        names: Sequence[str],
        where: Sequence[str],
        silent: Sequence[str],
        failures: FailuresSeen,
    ) -> Resolution:
        said = next((name for name in names if is_id_like(name)), names[0])
        answering = [w for w in where if w not in silent]
        files = await broken_files({name: self.clusters[name] for name in answering})
        named = files.naming(said)
        if named is not None:
            return Found(
                named[0],
                say("no Dag “{name}” is registered: {file} is broken", name=said, file=named[1]),
            )
        broken = files.perhaps(said)
        if broken is not None:
            unlisted = say("no Dag “{name}” is registered, and files fail to import", name=said)
            return Found(broken, unlisted)
        doubts = [say("{name} did not answer, so it may be there.", name=name) for name in silent]
        doubts += [*failures.doubts, *files.doubts]
        instead = say(
            "Paste the link of the run in Airflow, or write the Dag id as Airflow shows it."
        )
        return Nowhere(
            looked_for=say("a Dag or a failed task called “{name}”", name=said),
            where=tuple(where),
            remedy=" ".join((*dict.fromkeys(doubts), instead)),
        )

    async def unnamed(self, hints: TargetHints, where: Sequence[str], now: datetime) -> Resolution:
        """Nothing was named: offer what failed at the time that was said, else lately."""
        seen = await self._failures(where, hints, now)
        options = [
            failure_option(cluster, one, several=len(where) > 1)
            for cluster, failed in seen.by_cluster.items()
            for one in newest_of_each_task(failed)
        ]
        options = self._preferring_likely(options)
        doubts = " ".join(seen.doubts)
        if not options:
            instead = say("Name the Dag, or paste the link of the run in Airflow.")
            return Nowhere(
                looked_for=say("a failure {when}", when=seen.when),
                where=tuple(name for name in where if name in seen.by_cluster),
                remedy=f"{doubts} {instead}".strip(),
                unreachable=seen.is_hidden,
            )
        question = say("Which failure do you mean? These failed {when}:", when=seen.when)
        return Ambiguous(f"{question} {doubts}".strip(), tuple(options[:MAX_OPTIONS]))

    def _preferring_likely(self, options: list[Option]) -> list[Option]:
        if not self.likely:
            return options
        return [one for one in options if fits(self.likely, one.target.dag_id or "")] or options

    async def _failures(
        self, where: Sequence[str], hints: TargetHints, now: datetime
    ) -> FailuresSeen:
        clusters = {name: self.clusters[name] for name in where}
        return await failures_seen(clusters, self.zones, hints, now)
