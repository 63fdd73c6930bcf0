"""Signals from the run, the Dag and what keeps a task instance from being scheduled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from bot.diagnosis.depth import Depth
from bot.diagnosis.quoting import Quotes
from bot.diagnosis.signals_tries import waits
from bot.diagnosis.text import normalise
from bot.domain.evidence import DagDetails, DagRun, Evidence
from bot.domain.signals import Signal

_ACTIVE = ("running", "queued")


def from_run(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    """Facts that concern the run as a whole, its Dag and its neighbours."""
    yield from _unmet(evidence, quotes)
    yield from _dag(evidence, quotes)
    yield from _version(evidence, quotes)
    yield from _upstream(evidence, quotes)
    yield from _children(evidence, quotes)
    yield from _warnings(evidence, quotes)
    run = evidence.dag_run
    if run is None:
        return
    quote = quotes.fact(f"run {run.run_id} is {run.state}", "run", run.end or run.start)
    yield Signal("run_state", run.state or "none", quote, Depth.STATE)
    if run.run_type:
        yield Signal("run_type", run.run_type, quote, Depth.STATE)
    if run.state == "queued" and evidence.task_instance is None:
        yield Signal("waiting", "run", quote, Depth.STATE)
    if run.logical_date is None and run.run_after is not None:
        words = "the run has no logical date"
        yield Signal("logical_date_missing", "true", quotes.fact(words, "run"), Depth.STATE)
    yield from _timeout(run, evidence.dag, quotes)
    yield from _neighbours(run, evidence, quotes)


def _unmet(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    for unmet in evidence.unmet:
        quote = quotes.fact(f"{unmet.name}: {normalise(unmet.reason)}", "unmet dependencies")
        yield Signal("unmet", unmet.name, quote, Depth.RECORDED)
        yield Signal("unmet_reason", normalise(unmet.reason), quote, Depth.RECORDED)
        if "maximum number of running tasks" in unmet.reason:
            yield Signal("tasks_at_limit", normalise(unmet.reason), quote, Depth.RECORDED)


def _dag(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    if evidence.dag_exists is False:
        name = evidence.target.dag_id or "it"
        quote = quotes.fact(f"Airflow knows no Dag {name}", "Dag")
        yield Signal("dag_missing", "true", quote, Depth.OUTSIDE + 1)
    dag = evidence.dag
    if dag is None:
        return
    depth = Depth.OUTSIDE if waits(evidence) else Depth.STATE
    if dag.is_paused:
        quote = quotes.fact(f"Dag {dag.dag_id} is paused", "Dag")
        yield Signal("dag_paused", "true", quote, depth)
    if dag.is_stale:
        quote = quotes.fact(f"Dag {dag.dag_id} is no longer found in its file", "Dag")
        yield Signal("dag_stale", "true", quote, depth)


def _version(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    green = evidence.last_green.version if evidence.last_green else None
    now = evidence.task_instance.version if evidence.task_instance else None
    if green is None or now is None:
        return
    words = ""
    if green.number and now.number and green.number != now.number:
        words = (
            f"the Dag changed from version {green.number} to {now.number} since the last success"
        )
    elif green.bundle_version and now.bundle_version and green.bundle_version != now.bundle_version:
        # Code beside the Dag's own file changes the bundle and not the Dag's version.
        words = (
            f"the bundle changed from {green.bundle_version} to {now.bundle_version} since the last"
            " success"
        )
    elif green.number and green.number == now.number:
        unchanged = f"the Dag still has version {now.number}, as at the last success"
        quote = quotes.fact(unchanged, "Dag versions")
        yield Signal("version_unchanged", "true", quote, Depth.STATE)
    if words:
        yield Signal("version_changed", "true", quotes.fact(words, "Dag versions"), Depth.STATE)


def _upstream(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    chosen = evidence.task_instance
    if chosen is None or chosen.state != "upstream_failed":
        return
    upstream = {task.task_id for task in evidence.tasks if chosen.task_id in task.downstream}
    failed = [one for one in evidence.task_instances if one.state == "failed"]
    direct = [one for one in failed if one.task_id in upstream] or failed
    name = direct[0].task_id if direct else "an upstream task"
    # Named, it explains more than the log can; unnamed, the log's own words come first.
    depth = Depth.OUTSIDE - 1 if direct else Depth.TAIL - 1
    own = chosen.task_id or "the task"
    quote = quotes.fact(f"{own} did not run because {name} failed", "task instances")
    yield Signal("upstream_failed", name, quote, depth)


def _children(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    for run in evidence.child_runs:
        quote = quotes.fact(f"the triggered run {run.dag_id} {run.run_id} is {run.state}", "run")
        yield Signal("child_run_state", run.state or "none", quote, Depth.CHILD)


def _warnings(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    for warning in evidence.warnings:
        words = f"{warning.kind}: {normalise(warning.message)}"
        quote = quotes.fact(words, "Dag warnings", warning.at)
        yield Signal("text", words, quote, Depth.ERROR_LINE)


def _timeout(run: DagRun, dag: DagDetails | None, quotes: Quotes) -> Iterator[Signal]:
    limit = dag.dag_run_timeout if dag else None
    if not limit or run.state != "failed" or run.duration is None or run.duration < limit:
        return
    words = f"the run took {run.duration:.0f} s, its dagrun_timeout is {limit:g} s"
    quote = quotes.fact(words, "run", run.end)
    yield Signal("dag_run_timeout_exceeded", f"{run.duration:.0f}", quote, Depth.OUTSIDE)


def _neighbours(run: DagRun, evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    others = [one for one in evidence.recent_runs if one.run_id != run.run_id]
    limit = evidence.dag.max_active_runs if evidence.dag else None
    running = [one for one in others if one.state == "running"]
    if run.state == "queued" and limit and len(running) >= limit:
        words = f"{len(running)} runs are running, max_active_runs is {limit}"
        quote = quotes.fact(words, "recent runs")
        yield Signal("runs_at_limit", str(len(running)), quote, Depth.RECORDED)
    before = _before(run, others)
    if before and before[0].state == "failed":
        words = f"the run before, {before[0].run_id}, failed"
        quote = quotes.fact(words, "recent runs", before[0].end)
        yield Signal("previous_run_failed", "true", quote, Depth.STATE)
    yield from _at_this_task(evidence, quotes)
    if run.state == "failed":
        row = 1 + len(list(takewhile(lambda one: one.state == "failed", before)))
        quote = quotes.fact(f"{row} failed runs in a row", "recent runs")
        yield Signal("consecutive_failed_runs", str(row), quote, Depth.STATE)


def _at_this_task(evidence: Evidence, quotes: Quotes) -> Iterator[Signal]:
    row = len(list(takewhile(lambda one: one.state == "failed", evidence.history)))
    if row:
        quote = quotes.fact(f"{row} runs before failed at this task too", "earlier runs")
        yield Signal("same_failure_before", str(row), quote, Depth.STATE)


def _before(run: DagRun, others: list[DagRun]) -> list[DagRun]:
    """Finished runs that came before this one, newest first."""
    moment = _moment(run)
    earlier = [
        (when, one)
        for one in others
        if (when := _moment(one)) and moment and when < moment and one.state not in _ACTIVE
    ]
    return [one for _, one in sorted(earlier, key=lambda pair: pair[0], reverse=True)]


def _moment(run: DagRun) -> datetime | None:
    return run.run_after or run.start
