"""One gathering: everything about one target, under one deadline, what decides first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from bot.adapters.airflow import fault, windows
from bot.adapters.airflow.api import Api
from bot.adapters.airflow.asking import Asking
from bot.adapters.airflow.child_runs import runs_linked
from bot.adapters.airflow.dossier import Dossier
from bot.adapters.airflow.green_log import compare_with_green
from bot.adapters.airflow.lanes import Rank
from bot.adapters.airflow.listings import run_task_instances
from bot.adapters.airflow.log_desk import LogDesk
from bot.adapters.airflow.outcome import Outcome, Refusal
from bot.adapters.airflow.parse_runs import import_problems
from bot.adapters.airflow.pieces import fields_of
from bot.adapters.airflow.task_log import read_deciding_log
from bot.domain.evidence import Evidence, GapReason, TaskInstance
from bot.services.looked_at import looked_at

HISTORY = 25  # earlier task instances that are looked at
ELSEWHERE = 30
ASSETS = 50
SENSORS = 100  # that wait in the whole cluster
RECENT_RUNS = 10
IMPORT_ERRORS_MAX = 300
CROWD = 40  # task instances of a run beyond which its routine events are left out


_SENSOR = "ExternalTaskSensor"
# What a sensor waits for is rendered once it has begun.
_WAITS = ("running", "deferred", "up_for_reschedule")


class Gathering:
    """Gathers once. `now` gives an aware UTC datetime."""

    def __init__(
        self,
        api: Api,
        asking: Asking,
        desk: LogDesk,
        dossier: Dossier,
        now: Callable[[], datetime],
        redact: Callable[[str], str],
    ) -> None:
        self._api = api
        self._asking = asking
        self._desk = desk
        self._dossier = dossier
        self._now = now
        self._redact = redact

    async def gather(self) -> Evidence:
        """The evidence at the latest when the deadline passes; raises where nothing came."""
        async with asyncio.TaskGroup() as group:
            if self._dossier.target.dag_id:
                group.create_task(self._about_dag(self._dossier.target.dag_id))
            else:
                group.create_task(self._import_errors())
            group.create_task(self._file("health", self._api.health))
            group.create_task(self._file("pools", self._api.pools))
            group.create_task(self._file("jobs", self._api.jobs))
            group.create_task(self._file("version", self._api.version))
        self._asking.raise_if_silent()
        return self._dossier.evidence(self._now())

    async def _file(
        self, piece: str, call: Callable[[], Outcome], rank: Rank = Rank.USEFUL
    ) -> Outcome:
        outcome = await self._asking.piece(piece, call, rank)
        self._dossier.take(piece, outcome)
        return outcome

    async def _about_dag(self, dag_id: str) -> None:
        api = self._api
        async with asyncio.TaskGroup() as group:
            details = partial(api.dag_details, dag_id)
            group.create_task(self._file("dag_details", details, Rank.DECISIVE))
            group.create_task(self._run_with_tasks(dag_id))
        chosen = self._dossier.pick_task()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._events(dag_id, chosen))
            if chosen:
                group.create_task(self._about_task(chosen))
            if self._may_have_import_errors():
                group.create_task(self._import_errors())
            if self._dossier.dag_exists is not False:
                group.create_task(self._file("dag_versions", partial(api.dag_versions, dag_id)))
                group.create_task(self._file("dag_warnings", partial(api.dag_warnings, dag_id)))
            if chosen and chosen.state == "failed":
                group.create_task(self._elsewhere(chosen))
                group.create_task(self._assets(dag_id))
                group.create_task(self._sensors(dag_id))

    async def _run_with_tasks(self, dag_id: str) -> None:
        """The run, its task instances and the Dag's tasks; the run first where none was named."""
        api, target = self._api, self._dossier.target
        recent = partial(api.dag_runs, dag_id, limit=RECENT_RUNS)
        if target.run_id is None:
            found = await self._file("recent_runs", recent, Rank.DECISIVE)
            self._choose_run(found)
        async with asyncio.TaskGroup() as group:
            tasks = partial(api.tasks, dag_id)
            group.create_task(self._file("tasks", tasks, Rank.DECISIVE))
            if target.run_id is not None:
                group.create_task(self._file("recent_runs", recent))
            run_id = self._dossier.target.run_id
            if run_id:
                run = partial(api.dag_run, dag_id, run_id)
                group.create_task(self._file("dag_run", run, Rank.DECISIVE))
                group.create_task(
                    run_task_instances(api, self._asking, self._dossier, self._redact)
                )

    def _choose_run(self, recent: Outcome) -> None:
        """The latest failed run of the recent ones, else the latest."""
        runs = fields_of(recent).get("recent_runs", ())
        run = next((one for one in runs if one.state == "failed"), next(iter(runs), None))
        if run:
            self._dossier.target = replace(self._dossier.target, run_id=run.run_id)

    async def _about_task(self, chosen: TaskInstance) -> None:
        api = self._api
        place = (chosen.dag_id, chosen.run_id, chosen.task_id, chosen.map_index)
        async with asyncio.TaskGroup() as group:
            history = group.create_task(self._history(chosen))
            group.create_task(self._tries_and_log(chosen, history))
            if fault.is_waiting(chosen):
                unmet = partial(api.dependencies, *place)
                group.create_task(self._file("dependencies", unmet, Rank.DECISIVE))
            if not fault.never_ran(chosen):
                group.create_task(self._links(chosen))

    async def _tries_and_log(self, chosen: TaskInstance, history: asyncio.Task[None]) -> None:
        place = (chosen.dag_id, chosen.run_id, chosen.task_id, chosen.map_index)
        await self._file("tries", partial(self._api.tries, *place), Rank.DECISIVE)
        looked_at("tries")
        if not fault.never_ran(chosen):
            seen = await read_deciding_log(self._desk, self._asking, self._dossier, chosen)
            await history
            await compare_with_green(self._desk, self._asking, self._dossier, chosen, seen)
        looked_at("log")

    async def _events(self, dag_id: str, chosen: TaskInstance | None) -> None:
        """Event log of the run, then of the Dag and the cluster around it, unless forbidden."""
        run_id = self._dossier.target.run_id
        span = windows.span_of(chosen, self._dossier.run, self._now())
        if run_id:
            crowded = len(self._dossier.task_instances) > CROWD
            quiet = list(windows.ROUTINE_EVENTS) if crowded else None
            first = await self._event_log(
                Rank.DECISIVE, dag_id=dag_id, run_id=run_id, excluded_events=quiet
            )
            if isinstance(first, Refusal) and first.reason is GapReason.FORBIDDEN:
                return
            if crowded and chosen:
                await self._event_log(
                    Rank.DECISIVE, dag_id=dag_id, run_id=run_id, task_id=chosen.task_id,
                    map_index=chosen.map_index,
                )  # fmt: skip
        dag = span.widened(windows.AROUND_DAG)
        moment = windows.moment_of(chosen, self._dossier.run, self._now())
        cluster = windows.Span(moment, moment).widened(windows.AROUND_CLUSTER)
        await asyncio.gather(
            self._event_log(Rank.USEFUL, dag_id=dag_id, after=dag.after, before=dag.before),
            self._event_log(
                Rank.USEFUL,
                included_events=list(windows.CLUSTER_EVENTS),
                after=cluster.after,
                before=cluster.before,
            ),
        )

    async def _event_log(self, rank: Rank, **filters: Any) -> Outcome:
        return await self._file("event_logs", partial(self._api.event_logs, **filters), rank)

    async def _history(self, chosen: TaskInstance) -> None:
        """The same task in earlier runs; further back where none of them went well."""
        filters: dict[str, Any] = {"task_id": chosen.task_id, "order_by": ["-start_date"]}
        if chosen.map_index >= 0:
            filters["map_index"] = [chosen.map_index]
        look = partial(self._api.task_instances, chosen.dag_id, "~", **filters)
        await self._file("history", partial(look, limit=HISTORY))
        seen = self._dossier.history
        if len(seen) >= HISTORY and not any(one.state == "success" for one in seen):
            green = await self._asking.piece("history", partial(look, limit=1, state=["success"]))
            self._dossier.extend("history", green)

    async def _links(self, chosen: TaskInstance) -> None:
        """The operator's own links, and the runs that some of them lead to."""
        place = (chosen.dag_id, chosen.run_id, chosen.task_id, chosen.map_index)
        await self._file("links", partial(self._api.extra_links, *place))
        for dag_id, run_id in runs_linked(self._dossier.links):
            child = await self._asking.piece(
                "child_runs", partial(self._api.dag_run, dag_id, run_id)
            )
            self._dossier.extend("child_runs", child)

    async def _elsewhere(self, chosen: TaskInstance) -> None:
        moment = windows.moment_of(chosen, self._dossier.run, self._now())
        span = windows.Span(moment, moment).widened(windows.AROUND_FAILURE)
        look = partial(
            self._api.task_instances,
            "~",
            "~",
            state=["failed"],
            end_date_gte=span.after,
            end_date_lte=span.before,
            limit=ELSEWHERE,
        )
        await self._file("elsewhere", look, Rank.BACKGROUND)

    async def _assets(self, dag_id: str) -> None:
        """Who waits for what was not written. It decides nothing, so that only a refusal that
        somebody can lift is worth a gap."""
        look = partial(self._api.assets, dag_id, limit=ASSETS)
        found = await self._asking.piece("assets", look, Rank.BACKGROUND)
        if not isinstance(found, Refusal) or found.reason is GapReason.FORBIDDEN:
            self._dossier.take("assets", found)

    async def _sensors(self, dag_id: str) -> None:
        """Sensors that wait for this Dag now: the public API says of no Dag who waits for it, but
        of each sensor what it waits for. It decides nothing, so that a refusal is no gap."""
        look = partial(
            self._api.task_instances,
            "~",
            "~",
            state=list(_WAITS),
            operator=[_SENSOR],
            limit=SENSORS,
        )
        found = await self._asking.piece("sensors", look, Rank.BACKGROUND)
        waiting = fields_of(found).get("sensors", ())
        self._dossier.put("sensors", tuple(one for one in waiting if one.waits_for == dag_id))

    def _may_have_import_errors(self) -> bool:
        dag = self._dossier.dag
        return dag is None or dag.is_stale is True or dag.has_import_errors is not False

    async def _import_errors(self) -> None:
        found = await self._asking.listing(
            lambda offset: self._api.import_errors(offset=offset),
            lambda body: import_problems(body, self._redact),
            cap=IMPORT_ERRORS_MAX,
        )
        self._dossier.put_listing("import_errors", "import_problems", found)
