"""Status, health and log reports on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.answering.capacity import outlook_words, telling
from bot.answering.excerpt import says_something, without_packaged_frames
from bot.answering.gaps import gap_in_words
from bot.answering.incidents import (
    dag_names,
    headline,
    incident_line,
    incident_mark,
    incident_title,
    incident_words,
    notes,
    unknown_words,
)
from bot.answering.terminal.page import Part, count, links, section, table, text
from bot.answering.wording import clock, duration, moment
from bot.domain.answers import ClusterReport, HealthReport, Link, LogReport, StatusReport
from bot.domain.evidence import DagRun, Gap, TaskInstance
from bot.domain.incidents import IncidentsReport
from bot.domain.logs import LogLine

_RUNS_SHOWN = 10
_TASKS_SHOWN = 20
_POOLS_SHOWN = 12


def status_parts(report: StatusReport) -> Iterator[Part]:
    paused = ", paused" if report.is_paused else ""
    yield text(f"{report.target.label()} on {report.target.cluster}{paused}", "bold")
    if report.owners:
        yield text(f"owned by {', '.join(report.owners)}", "dim")
    runs = [_run_row(run) for run in report.runs[:_RUNS_SHOWN]]
    yield section("Latest runs", table(runs, first_style="") if runs else text("There are none."))
    if report.failing:
        tasks = [_task_row(one) for one in report.failing[:_TASKS_SHOWN]]
        yield section(f"Not well: {count(len(report.failing), 'task instance')}", table(tasks))
    yield from _gaps_and_links(report.gaps, report.links)


def health_parts(report: HealthReport) -> Iterator[Part]:
    for cluster in report.clusters:
        yield from _cluster(cluster)
    for one in report.troubles:
        yield text(f"{incident_mark(one)} {incident_line(one)}")


def log_parts(report: LogReport) -> Iterator[Part]:
    yield text(report.target.label(), "bold")
    shown = f"{len(report.lines)} of {count(report.lines_read, 'line')} shown"
    yield text(f"{shown}, {report.lines_dropped} left out", "dim")
    if report.lines:
        telling = filter(says_something, report.lines)
        yield section("Log", *(text(_folded(line)) for line in telling))
    yield from _gaps_and_links(report.gaps, report.links)


def _folded(line: LogLine) -> str:
    return "\n".join(without_packaged_frames(log_line(line)))


def log_line(line: LogLine) -> str:
    """`118 05:54:41 UTC error KeyError: 'country' (3 lines like this)`."""
    head = [str(line.number), clock(line.at) if line.at else "", line.level or ""]
    more = f" ({line.repeated} lines like this)" if line.repeated > 1 else ""
    return " ".join([*(part for part in head if part), f"{line.text}{more}"])


def _run_row(run: DagRun) -> tuple[str, ...]:
    date = run.logical_date or run.run_after or run.start
    took = duration(run.duration) if run.duration is not None else ""
    return (run.state or "no state", moment(date) if date else "", took, run.run_id)


def _task_row(one: TaskInstance) -> tuple[str, ...]:
    index = f"[{one.map_index}]" if one.map_index >= 0 else ""
    number = f"try {one.try_number}" if one.try_number else ""
    ended = moment(one.end) if one.end else ""
    return (f"{one.task_id}{index}", one.state or "no state", number, ended)


def _cluster(report: ClusterReport) -> Iterator[Part]:
    version = f", Airflow {report.airflow_version}" if report.airflow_version else ""
    state = version if report.reachable else ": does not answer"
    yield text(f"{report.cluster}{state}", "bold" if report.reachable else "bold red")
    rows = [
        (part.name, part.status or "unknown", _beat(part.latest_heartbeat))
        for part in report.components
    ]
    if rows:
        yield section("Components", table(rows))
    if report.pools:
        pools = [
            (
                pool.name,
                f"{max(pool.open_slots, 0)} of {pool.slots} free",
                f"{pool.queued + pool.scheduled} waiting",
            )
            for pool in report.pools[:_POOLS_SHOWN]
        ]
        yield section("Pools", table(pools))
    if report.outlook is not None:
        told = telling(report.outlook.outlooks, _POOLS_SHOWN)
        if told:
            yield section("Room", *(text(outlook_words(one)) for one in told))
    figures = [
        ("Import errors", report.import_errors),
        ("Failed in the last hour", report.failed_last_hour),
    ]
    known = [(label, str(figure)) for label, figure in figures if figure is not None]
    if known:
        yield section("Figures", table(known))
    yield from _gaps_and_links(report.gaps, ())


def _beat(at: datetime | None) -> str:
    return f"heartbeat {moment(at)}" if at else ""


def _gaps_and_links(gaps: Sequence[Gap], targets: Sequence[Link]) -> Iterator[Part]:
    if gaps:
        yield section("What I could not see", *(text(f"- {gap_in_words(gap)}") for gap in gaps))
    if targets:
        yield from links(targets)


def incidents_parts(report: IncidentsReport) -> Iterator[Part]:
    yield text(headline(report), "bold")
    several = report.several_clusters
    for one in report.incidents:
        title = f"{incident_mark(one)} {incident_title(one)}"
        names = dag_names(one, several_clusters=several)
        yield section(title, text(incident_words(one)), text(names))
    if report.unknown:
        told = (unknown_words(one, several_clusters=several) for one in report.unknown)
        yield section("Not looked into yet", *map(text, told))
    for note in notes(report):
        yield text(note, "dim")
    yield from _gaps_and_links(report.gaps, ())
