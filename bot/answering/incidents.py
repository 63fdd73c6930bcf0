"""Incidents in words for any channel."""

from __future__ import annotations

from datetime import datetime

from bot.answering.wording import count, listed
from bot.domain.incidents import About, Course, FailingUnknown, Incident, IncidentsReport
from bot.domain.verdicts import VerdictKind

_MARKS = {Course.ONGOING: "🔴", Course.QUIET: "🟠", Course.OVER: "✅"}
_DAYS = 24
_TITLE_MAX = 150
_NAME_MAX = 80


def headline(report: IncidentsReport) -> str:
    if report.about is About.ALIKE:
        return _alike(report)
    going_on = [one for one in report.incidents if one.course is not Course.OVER]
    failing = {dag for one in going_on for dag in one.dags}
    dags = len({*failing, *((one.cluster, one.dag_id) for one in report.unknown)})
    named = sum(one.dag_count for one in going_on) - sum(len(one.dags) for one in going_on)
    if not going_on and not report.unknown:
        seen = "that I can see " if report.gaps else ""
        return f"✅ Nothing {seen}fails right now"
    causes = f" of {count(len(going_on), 'known cause')}" if going_on else ""
    return f"❌ {count(dags + named, 'Dag fails', 'Dags fail')}{causes}"


def incident_mark(incident: Incident) -> str:
    return _MARKS[incident.course]


def incident_title(incident: Incident) -> str:
    title = " ".join((incident.title or "Failures of one cause").split())
    return title if len(title) <= _TITLE_MAX else f"{title[: _TITLE_MAX - 1]}…"


def incident_words(incident: Incident) -> str:
    """What it reaches, since when, how fast and whether it is over: without its title."""
    whose = {VerdictKind.CODE: "code", VerdictKind.DEPENDENCY: "a dependency"}
    kind = incident.kind
    side = [whose.get(kind, kind.value)] if kind and kind is not VerdictKind.UNKNOWN else []
    reach = f"{count(incident.failures, 'failure')} in {count(incident.dag_count, 'Dag')}"
    if len(incident.clusters) > 1:
        reach += f" on {listed(list(incident.clusters))}"
    return " · ".join([*side, reach, _course(incident), *_pace(incident)])


def dag_names(incident: Incident, *, several_clusters: bool) -> str:
    """The Dags by name, those that failed last first."""
    names = [_name(cluster, dag_id, several_clusters) for cluster, dag_id in incident.dags]
    more = incident.dag_count - len(names)
    return f"{', '.join(names)} and {more:,} more" if more else listed(names, limit=len(names) + 1)


def unknown_words(one: FailingUnknown, *, several_clusters: bool) -> str:
    name = _name(one.cluster, one.dag_id, several_clusters)
    last = f", last at {_at(one.last_at, one.last_at)}" if one.last_at else ""
    return f"{name} · {one.task_id[:_NAME_MAX]} · {count(one.failures, 'failure')}{last}"


def notes(report: IncidentsReport) -> list[str]:
    """What is to be said below."""
    found = []
    if report.about is About.NOW:
        found.append(f"Failures of the last {report.hours} hours.")
        if report.unknown:
            found.append("Ask me about a Dag by name, and I look into it.")
    else:
        days = report.hours // _DAYS
        found.append(f"Of what I have looked into in {days} days, as far as you may see it.")
    if report.more:
        found.append(f"{report.more:,} more are not shown.")
    return found


def _alike(report: IncidentsReport) -> str:
    incident = next(iter(report.incidents), None)
    if incident is None:
        return "🔍 I know of nobody who had this"
    others = incident.dag_count - (1 if report.own in incident.dags else 0)
    if others <= 0:
        times = count(incident.failures, "failure")
        return f"🔍 Only this Dag has it, as far as I know: {times}"
    return f"👥 {count(others, 'other Dag has', 'other Dags have')} the same"


def _course(incident: Incident) -> str:
    first, last = incident.first_at, incident.last_at
    if incident.course is Course.OVER:
        return f"began at {_at(first, last)}, all run well again"
    since = f"since {_at(first, last)}" if incident.failures > 1 else f"at {_at(first, last)}"
    if incident.course is Course.QUIET:
        since += f", none after {_at(last, last)}" if incident.failures > 1 else ""
    if 0 < incident.recovered < incident.dag_count:
        since += f", {incident.recovered} of {incident.dag_count} Dags run well again"
    return since


def _pace(incident: Incident) -> list[str]:
    now, before = incident.last_hour, incident.hour_before
    if incident.course is not Course.ONGOING or now < 2:
        return []
    trend = "more" if now > before else "fewer" if now < before else "as many"
    than = "as" if trend == "as many" else "than"
    return [f"{now:,} in the last hour, {trend} {than} in the one before"]


def _name(cluster: str, dag_id: str, several: bool) -> str:
    name = f"{dag_id} on {cluster}" if several else dag_id
    return name if len(name) <= _NAME_MAX else f"{name[: _NAME_MAX - 1]}…"


def _at(at: datetime, last: datetime) -> str:
    """With its day where that is another one than the last failure's."""
    return f"{at:%H:%M} UTC" if at.date() == last.date() else f"{at:%Y-%m-%d %H:%M} UTC"
