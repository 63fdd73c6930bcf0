"""Reports that need no diagnosis: how a Dag stands, how the clusters do, what a log says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.answers import ClusterReport, LogReport, StatusReport
from bot.domain.errors import AirflowError
from bot.domain.evidence import Gap, GapReason, TaskInstance
from bot.domain.targets import Target
from bot.services.capacity import Outlooks
from bot.services.ports import Cluster
from bot.words import say

_RUNS_SHOWN = 5
_STUCK_OR_FAILED = frozenset({"failed", "upstream_failed", "up_for_retry", "up_for_reschedule"})


async def status_report(cluster: Cluster, target: Target, reference: str) -> StatusReport:
    """The latest runs of the target's Dag and what fails in the run that is meant.

    Raises `AirflowUnavailable` where the cluster does not answer at all.
    """
    if target.dag_id is None:
        raise ValueError("a status needs a Dag")
    seen = await cluster.runs(target.dag_id, limit=_RUNS_SHOWN)
    details = await cluster.dag(target.dag_id)
    gaps = list(seen.gaps)
    failing: tuple[TaskInstance, ...] = ()
    run_id = target.run_id or (seen.runs[0].run_id if seen.runs else None)
    if run_id is not None:
        tasks = await cluster.task_instances(target.dag_id, run_id)
        gaps.extend(tasks.gaps)
        failing = tuple(
            one
            for one in tasks.task_instances
            if one.state in _STUCK_OR_FAILED and target.task_id in (None, one.task_id)
        )
    return StatusReport(
        reference=reference,
        target=target,
        runs=seen.runs,
        failing=failing,
        links=tuple(cluster.links(target)),
        is_paused=details.is_paused if details else None,
        owners=details.owners if details else (),
        gaps=tuple(gaps),
    )


async def log_report(cluster: Cluster, target: Target, seconds: float, reference: str) -> LogReport:
    """The lines of one log that matter, with how many were left out."""
    subject = target if target.task_id else await _failed_task(cluster, target)
    if subject.task_id is None:
        gap = Gap(
            "task log",
            GapReason.NOT_FOUND,
            say("no failed task in {name}", name=subject.label()),
            say("Name the task whose log you want."),
        )
        return LogReport(reference, subject, (), 0, 0, tuple(cluster.links(subject)), (gap,))
    reading, gaps = await cluster.read_log(subject, seconds)
    if reading is not None and reading.try_number:
        subject = replace(subject, try_number=reading.try_number)
    return LogReport(
        reference=reference,
        target=subject,
        lines=reading.lines if reading else (),
        lines_read=reading.lines_read if reading else 0,
        lines_dropped=reading.lines_dropped if reading else 0,
        links=tuple(cluster.links(subject)),
        gaps=tuple(gaps),
    )


async def cluster_reports(
    clusters: Sequence[Cluster], seconds: float, outlooks: Outlooks | None = None
) -> tuple[ClusterReport, ...]:
    """One report a cluster, with how much room it has; one that does not answer is reported as
    such, the others stand."""

    async def report(cluster: Cluster) -> ClusterReport:
        try:
            found = await cluster.report(seconds)
        except AirflowError as error:
            gap = Gap("cluster", GapReason.UNAVAILABLE, str(error))
            found = ClusterReport(cluster.name, reachable=False, gaps=(gap,))
        if outlooks is None:
            return found
        return replace(found, outlook=await outlooks(cluster.name))

    return tuple(await asyncio.gather(*(report(cluster) for cluster in clusters)))


async def _failed_task(cluster: Cluster, target: Target) -> Target:
    """The failed task of the run that is meant, the earliest to end; the target itself if none."""
    if target.dag_id is None or target.run_id is None:
        return target
    seen = await cluster.task_instances(target.dag_id, target.run_id)
    failed = [one for one in seen.task_instances if one.state in ("failed", "up_for_retry")]
    if not failed:
        return target
    first = min(failed, key=lambda one: (one.end is None, one.end and one.end.timestamp()))
    index = first.map_index if first.map_index >= 0 else None
    return Target(
        target.cluster, target.dag_id, target.run_id, first.task_id, index, target.try_number
    )
