"""One Airflow 3 cluster behind the port `bot.services.ports.Cluster`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from bot.adapters.airflow import fault
from bot.adapters.airflow.api import PAGE, Api
from bot.adapters.airflow.asking import Asking, Listing
from bot.adapters.airflow.capacity import Limits, capacity_sample
from bot.adapters.airflow.config import ClusterConfig
from bot.adapters.airflow.dag_index import DagIndex
from bot.adapters.airflow.doctor import Examination
from bot.adapters.airflow.dossier import Dossier
from bot.adapters.airflow.gate import Gate
from bot.adapters.airflow.gather import IMPORT_ERRORS_MAX, Gathering
from bot.adapters.airflow.lanes import Rank
from bot.adapters.airflow.links import pages_of
from bot.adapters.airflow.listings import task_instance_listing
from bot.adapters.airflow.load import ClusterLoad
from bot.adapters.airflow.log_desk import LogDesk, LogKey, MakeLogReader
from bot.adapters.airflow.outcome import Refusal
from bot.adapters.airflow.parse_runs import dag_runs, import_problems
from bot.adapters.airflow.parse_tasks import task_instances
from bot.adapters.airflow.pieces import PIECES, fields_of
from bot.adapters.airflow.report import cluster_report
from bot.adapters.airflow.room import Room
from bot.adapters.airflow.task_log import explained, log_key
from bot.domain.access import Labels
from bot.domain.answers import ClusterReport, Link
from bot.domain.capacity import Sample
from bot.domain.checks import Check
from bot.domain.evidence import (
    DagDetails,
    Evidence,
    Gap,
    GapReason,
    ImportProblem,
    TaskInstance,
)
from bot.domain.logs import LogReading
from bot.domain.targets import Target
from bot.services.at_work import span
from bot.services.no_meter import NoMeter
from bot.services.ports import Meter, RunsSeen, TasksSeen

TASK_INSTANCES_MAX = 3_000  # of one run; 30 calls
OF_TASK_MAX = 1_100  # of one task: more than it may be mapped to, unless that was changed

Redact = Callable[[str], str]

_NO_METER = NoMeter()


class AirflowCluster:
    """Reads one cluster. Everything it does goes through one gate, from whatever event loop.

    `make_log_reader` gives a fresh reader for one try; `redact` masks secrets in any other text
    and must be safe to call from several threads. `now` gives an aware UTC datetime.
    """

    def __init__(
        self,
        config: ClusterConfig,
        *,
        make_log_reader: MakeLogReader,
        redact: Redact,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        meter: Meter = _NO_METER,
    ) -> None:
        self._config = config
        self._redact = redact
        self._now = now
        self._api = Api(config, clock)
        self._gate = Gate(
            config.name,
            max_calls=config.max_calls,
            slow_seconds=config.slow_seconds,
            silent_seconds=config.silent_seconds,
            clock=clock,
            meter=meter,
        )
        self._room = Room(
            config.name,
            places=config.gathers_at_once,
            wait_seconds=config.gather_wait_seconds,
            is_silent=lambda: self._gate.is_silent,
        )
        on_read = partial(meter.log_read, config.name)
        self._desk = LogDesk(self._api, self._gate, make_log_reader, clock, on_read)
        self._index = DagIndex(self._api, self._asking, config.dag_ids_seconds, clock)

    def __repr__(self) -> str:
        return f"AirflowCluster({self._config.name!r})"

    @property
    def name(self) -> str:
        return self._config.name

    @property
    def base_url(self) -> str:
        return self._config.pages_url

    def load(self) -> ClusterLoad:
        """How busy this process keeps the cluster, and whether it is spared."""
        gate, room = self._gate, self._room
        return ClusterLoad(
            self.name,
            gate.breaker,
            gate.share,
            gate.in_flight,
            gate.abandoned,
            gate.waiting,
            room.inside,
            room.waiting,
        )

    def set_replicas(self, count: int) -> None:
        """Says how many processes ask this cluster, so that together they keep to `max_calls`."""
        self._gate.set_replicas(count)

    async def dag_ids(self) -> Sequence[str]:
        """All Dag ids; of a large cluster at first only those that have been read by now."""
        return await self._index.ids()

    async def labels(self) -> Mapping[str, Labels]:
        """Tags and owners by Dag id, as old as the list of ids."""
        return await self._index.labels()

    async def search_dags(self, words: str, limit: int = 20) -> Sequence[str]:
        """Dag ids that contain `words`; finds what a list still being read does not hold yet."""
        return await self._index.search(words, limit)

    async def dag(self, dag_id: str) -> DagDetails | None:
        """None where the Dag does not exist, or may not be seen."""
        asking = self._asking()
        call = partial(self._api.dag_details, dag_id)
        outcome = await asking.piece("dag_details", call, Rank.DECISIVE)
        asking.raise_if_silent()
        found: DagDetails | None = fields_of(outcome).get("dag")
        return found

    async def runs(
        self,
        dag_id: str,
        *,
        state: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 10,
    ) -> RunsSeen:
        """Runs due in the span, newest first."""
        asking = self._asking()
        filters = {"state": [state] if state else None, "run_after_gte": since}
        found = await asking.listing(
            lambda offset: self._api.dag_runs(
                dag_id, limit=min(limit, PAGE), offset=offset, run_after_lte=until, **filters
            ),
            lambda body: dag_runs(body, self._redact),
            cap=limit,
            rank=Rank.DECISIVE,
        )
        asking.raise_if_silent()
        return RunsSeen(found.rows[:limit], _gaps("recent_runs", found))

    async def task_instances(self, dag_id: str, run_id: str) -> TasksSeen:
        asking = self._asking()
        found = await task_instance_listing(
            self._api, asking, self._redact, dag_id, run_id, cap=TASK_INSTANCES_MAX
        )
        asking.raise_if_silent()
        return TasksSeen(found.rows, _gaps("task_instances", found, TASK_INSTANCES_MAX))

    async def instances_of(
        self, dag_id: str, task_id: str, *, since: datetime | None = None
    ) -> TasksSeen:
        """Instances of one task in the runs that were due since then, the latest due first."""
        asking = self._asking()
        found = await task_instance_listing(
            self._api,
            asking,
            self._redact,
            dag_id,
            "~",
            cap=OF_TASK_MAX,
            task_id=task_id,
            order_by=["-run_after"],
            run_after_gte=since and since.astimezone(UTC),
        )
        asking.raise_if_silent()
        return TasksSeen(found.rows, _gaps("task_instances", found, OF_TASK_MAX))

    async def find_failed(self, since: datetime, limit: int = 100) -> TasksSeen:
        """Failed task instances of all Dags that ended since then, newest first."""
        asking = self._asking()
        found = await asking.listing(
            lambda offset: self._api.task_instances(
                "~",
                "~",
                state=["failed"],
                end_date_gte=since.astimezone(UTC),
                order_by=["-end_date"],
                limit=min(limit, PAGE),
                offset=offset,
            ),
            lambda body: task_instances(body, self._redact),
            cap=limit,
        )
        asking.raise_if_silent()
        return TasksSeen(found.rows[:limit], _gaps("task_instances", found))

    async def task_ids(self, dag_id: str) -> Sequence[str]:
        """Empty where the Dag does not exist."""
        asking = self._asking()
        outcome = await asking.piece("tasks", partial(self._api.tasks, dag_id), Rank.DECISIVE)
        asking.raise_if_silent()
        return [task.task_id for task in fields_of(outcome).get("tasks", ())]

    async def import_problems(self) -> tuple[Sequence[ImportProblem], Sequence[Gap]]:
        """Dag files that do not import; of very many the first."""
        asking = self._asking()
        found = await asking.listing(
            lambda offset: self._api.import_errors(offset=offset),
            lambda body: import_problems(body, self._redact),
            cap=IMPORT_ERRORS_MAX,
            rank=Rank.DECISIVE,
        )
        asking.raise_if_silent()
        return found.rows, _gaps("import_errors", found, IMPORT_ERRORS_MAX)

    async def gather(self, target: Target, seconds: float) -> Evidence:
        """Everything about `target`; raises only where the cluster gave nothing at all.

        So many gather at once; `seconds` begin when there is a place.
        """
        dossier = Dossier(replace(target, cluster=self.name), self._redact)
        async with self._room.place():
            with span("airflow gather", cluster=self.name) as note:
                evidence = await Gathering(
                    self._api, self._asking(seconds), self._desk, dossier, self._now, self._redact
                ).gather()
                note(gaps=len(evidence.gaps))
        return replace(evidence, executor=evidence.executor or self._config.executor or None)

    async def read_log(
        self, target: Target, seconds: float
    ) -> tuple[LogReading | None, Sequence[Gap]]:
        """The log of the asked try, else of the one that decides."""
        asking = self._asking(seconds)
        with span("airflow log", cluster=self.name):
            key = await self._log_key(target, asking)
            if isinstance(key, Gap):
                asking.raise_if_silent()
                return None, (key,)
            seen = await self._desk.read(key, asking.left)
        gaps = (_gap("log", explained(seen.refusal)),) if seen.refusal else ()
        return seen.reading, gaps

    async def report(self, seconds: float) -> ClusterReport:
        """How the cluster is doing; `reachable` is False where it says nothing."""
        since = self._now() - timedelta(hours=1)
        with span("airflow report", cluster=self.name):
            return await cluster_report(self._api, self._asking(seconds), self.name, since)

    async def capacity(self, seconds: float) -> Sample:
        """How much room there is; never raises."""
        limits = Limits(self._config.slots, self._config.queued_seconds)
        with span("airflow capacity", cluster=self.name):
            asking = self._asking(seconds)
            return await capacity_sample(self._api, asking, self.name, self._now(), limits)

    async def doctor(self) -> Sequence[Check]:
        """Reachability, version, login and each permission that the evidence needs."""
        return await Examination(self._api, self._asking(), self._config).checks()

    def links(self, target: Target) -> Sequence[Link]:
        return pages_of(target, self._config.pages_url)

    def close(self) -> None:
        """Takes on nothing more. Calls under way end by themselves."""
        self._index.close()
        self._gate.close()

    def _asking(self, seconds: float | None = None) -> Asking:
        limit = self._config.deadline_seconds if seconds is None else seconds
        return Asking(self._gate, self.name, self._redact, limit)

    async def _log_key(self, target: Target, asking: Asking) -> LogKey | Gap:
        """Which log is meant: looks the task instance and its tries up."""
        missing = Gap("task log", GapReason.NOT_FOUND, f"{target.label()} has no task log")
        if not (target.dag_id and target.run_id and target.task_id):
            return replace(missing, detail="a log belongs to one task of one run")
        found = await task_instance_listing(
            self._api,
            asking,
            self._redact,
            target.dag_id,
            target.run_id,
            cap=PAGE,
            rank=Rank.DECISIVE,
            task_id=target.task_id,
            map_index=None if target.map_index is None else [target.map_index],
        )
        if found.refusal:
            return _gap("task_instances", found.refusal)
        named = [one for one in found.rows if one.task_id == target.task_id]
        chosen = fault.asked_task(target, named)
        if chosen is None or fault.never_ran(chosen):
            return missing
        tries = await self._tries(chosen, asking)
        number = fault.deciding_try(chosen, tries, target.try_number)
        if number is None or (target.try_number and number != target.try_number):
            return missing
        return log_key(chosen, tries, number)

    async def _tries(self, chosen: TaskInstance, asking: Asking) -> tuple[TaskInstance, ...]:
        place = (chosen.dag_id, chosen.run_id, chosen.task_id, chosen.map_index)
        outcome = await asking.piece("tries", partial(self._api.tries, *place), Rank.DECISIVE)
        tries: tuple[TaskInstance, ...] = fields_of(outcome).get("tries", ())
        return tries


def _gap(piece: str, refusal: Refusal) -> Gap:
    kind = PIECES[piece]
    remedy = kind.remedy if refusal.status == 403 else refusal.remedy
    return Gap(kind.name, refusal.reason, refusal.detail, remedy)


def _gaps(piece: str, found: Listing[Any], cap: int | None = None) -> tuple[Gap, ...]:
    if found.refusal:
        return (_gap(piece, found.refusal),)
    if cap and not found.is_whole:
        detail = f"only the first {len(found.rows)} of {found.total} were read"
        return (Gap(PIECES[piece].name, GapReason.TOO_LARGE, detail),)
    return ()
