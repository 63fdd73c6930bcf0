"""A cluster in memory, behind the same port as a real one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.domain.access import Labels
from bot.domain.answers import ClusterReport, Link
from bot.domain.checks import Check
from bot.domain.errors import AirflowUnavailable
from bot.domain.evidence import (
    DagDetails,
    DagRun,
    Evidence,
    Gap,
    GapReason,
    ImportProblem,
    TaskInstance,
)
from bot.domain.logs import LogReading
from bot.domain.targets import Target
from bot.services.ports import RunsSeen, TasksSeen


@dataclass
class FakeCluster:
    """Holds runs and task instances by Dag; `down` makes every call fail as an outage would."""

    name: str = "prod"
    base_url: str = "https://airflow.example.com"
    dags: Mapping[str, Sequence[DagRun]] = field(default_factory=dict)
    tasks: Mapping[str, Sequence[TaskInstance]] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    logs: Mapping[str, LogReading] = field(default_factory=dict)
    details: Mapping[str, DagDetails] = field(default_factory=dict)
    unlisted: Sequence[str] = ()  # Dags that the list does not hold yet
    import_errors: int = 0
    problems: Sequence[ImportProblem] = ()
    forbidden: frozenset[str] = frozenset()  # methods of the port that Airflow does not permit
    down: bool = False
    gathered: list[Target] = field(default_factory=list)

    async def dag_ids(self) -> Sequence[str]:
        self._check()
        return tuple(self.dags)

    async def search_dags(self, words: str, limit: int = 20) -> Sequence[str]:
        self._check()
        known = (*self.dags, *self.unlisted)
        return tuple(name for name in known if words.lower() in name.lower())[:limit]

    async def labels(self) -> Mapping[str, Labels]:
        self._check()
        return {
            name: Labels(self.name, name, frozenset(one.tags), frozenset(one.owners))
            for name, one in self.details.items()
        }

    async def dag(self, dag_id: str) -> DagDetails | None:
        self._check()
        return self.details.get(dag_id, DagDetails(dag_id) if dag_id in self.dags else None)

    async def runs(
        self,
        dag_id: str,
        *,
        state: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 10,
    ) -> RunsSeen:
        self._check()
        if "runs" in self.forbidden:
            return RunsSeen((), (_forbidden("runs"),))
        earliest = since or datetime.min.replace(tzinfo=UTC)
        latest = until or datetime.max.replace(tzinfo=UTC)
        runs = [
            run
            for run in self.dags.get(dag_id, ())
            if state in (None, run.state)
            and run.run_after is not None
            and earliest <= run.run_after <= latest
        ]
        return RunsSeen(tuple(runs[:limit]))

    async def task_instances(self, dag_id: str, run_id: str) -> TasksSeen:
        self._check()
        return TasksSeen(tuple(t for t in self.tasks.get(dag_id, ()) if t.run_id == run_id))

    async def instances_of(
        self, dag_id: str, task_id: str, *, since: datetime | None = None
    ) -> TasksSeen:
        self._check()
        if "instances_of" in self.forbidden:
            return TasksSeen((), (_forbidden("task instances"),))
        earliest = since or datetime.min.replace(tzinfo=UTC)
        found = [
            one
            for one in self.tasks.get(dag_id, ())
            if one.task_id == task_id and (one.run_after or earliest) >= earliest
        ]
        found.sort(key=lambda one: one.run_after or earliest, reverse=True)
        return TasksSeen(tuple(found))

    async def find_failed(self, since: datetime, limit: int = 100) -> TasksSeen:
        self._check()
        if "find_failed" in self.forbidden:
            return TasksSeen((), (_forbidden("task instances"),))
        failed = [
            task
            for tasks in self.tasks.values()
            for task in tasks
            if task.state == "failed" and task.end is not None and task.end >= since
        ]
        failed.sort(key=lambda task: task.end or since, reverse=True)
        return TasksSeen(tuple(failed[:limit]))

    async def task_ids(self, dag_id: str) -> Sequence[str]:
        self._check()
        if "task_ids" in self.forbidden:
            return ()
        return tuple(dict.fromkeys(task.task_id for task in self.tasks.get(dag_id, ())))

    async def import_problems(self) -> tuple[Sequence[ImportProblem], Sequence[Gap]]:
        self._check()
        if "import_problems" in self.forbidden:
            return (), (_forbidden("import errors"),)
        others = (ImportProblem("other.py", "SyntaxError"),) * self.import_errors
        return (*self.problems, *others), ()

    async def gather(self, target: Target, seconds: float) -> Evidence:
        self._check()
        self.gathered.append(target)
        return self.evidence.get(target.dag_id or "", Evidence(target))

    async def read_log(
        self, target: Target, seconds: float
    ) -> tuple[LogReading | None, Sequence[Gap]]:
        self._check()
        return self.logs.get(target.task_id or ""), ()

    async def report(self, seconds: float) -> ClusterReport:
        self._check()
        return ClusterReport(self.name, reachable=True, import_errors=self.import_errors)

    async def doctor(self) -> Sequence[Check]:
        return ()

    def links(self, target: Target) -> Sequence[Link]:
        return (Link("Open in Airflow", f"{self.base_url}/dags/{target.dag_id}"),)

    def _check(self) -> None:
        if self.down:
            raise AirflowUnavailable(f"Airflow at {self.base_url} does not answer.")


def _forbidden(source: str) -> Gap:
    return Gap(source, GapReason.FORBIDDEN, "HTTP 403: Forbidden", f"Permit to read {source}.")
