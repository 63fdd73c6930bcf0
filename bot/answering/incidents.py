"""Incidents in words for any channel."""

from __future__ import annotations

from datetime import datetime

from bot.answering.wording import listed, moment
from bot.domain.incidents import About, Course, FailingUnknown, Incident, IncidentsReport
from bot.domain.verdicts import VerdictKind
from bot.words import mark, number, say, say_many

_MARKS = {Course.ONGOING: "🔴", Course.QUIET: "🟠", Course.OVER: "✅"}
_SIDES = {
    VerdictKind.CAPACITY: mark("capacity"),
    VerdictKind.PLATFORM: mark("platform"),
    VerdictKind.CODE: mark("code"),
    VerdictKind.DEPENDENCY: mark("a dependency"),
    VerdictKind.OPERATOR: mark("operator"),
}
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
        if report.gaps:
            return say("✅ Nothing that I can see fails right now")
        return say("✅ Nothing fails right now")
    causes = ""
    if going_on:
        causes = say_many(" of {n} known cause", " of {n} known causes", len(going_on))
    return say_many(
        "❌ {n} Dag fails{causes}", "❌ {n} Dags fail{causes}", dags + named, causes=causes
    )


def incident_mark(incident: Incident) -> str:
    return _MARKS[incident.course]


def incident_title(incident: Incident) -> str:
    title = " ".join(say(incident.title or mark("Failures of one cause")).split())
    return title if len(title) <= _TITLE_MAX else f"{title[: _TITLE_MAX - 1]}…"


def incident_words(incident: Incident) -> str:
    """What it reaches, since when, how fast and whether it is over: without its title."""
    side = [say(_SIDES[incident.kind])] if incident.kind in _SIDES else []
    dags = say_many("in {n} Dag", "in {n} Dags", incident.dag_count)
    reach = f"{_failures(incident.failures)} {dags}"
    if len(incident.clusters) > 1:
        reach = say("{name} on {cluster}", name=reach, cluster=listed(list(incident.clusters)))
    return " · ".join([*side, reach, _course(incident), *_pace(incident)])


def incident_line(incident: Incident) -> str:
    """All of it in one line."""
    return f"{incident_title(incident)} · {incident_words(incident)}"


def dag_names(incident: Incident, *, several_clusters: bool) -> str:
    """The Dags by name, those that failed last first."""
    names = [_name(cluster, dag_id, several_clusters) for cluster, dag_id in incident.dags]
    more = incident.dag_count - len(names)
    if not more:
        return listed(names, limit=len(names) + 1)
    return say_many("{named} and {n} more", "{named} and {n} more", more, named=", ".join(names))


def unknown_words(one: FailingUnknown, *, several_clusters: bool) -> str:
    name = _name(one.cluster, one.dag_id, several_clusters)
    last = say(", last at {at}", at=_at(one.last_at, one.last_at)) if one.last_at else ""
    return f"{name} · {one.task_id[:_NAME_MAX]} · {_failures(one.failures)}{last}"


def notes(report: IncidentsReport) -> list[str]:
    """What is to be said below."""
    found = []
    if report.about is About.NOW:
        found.append(say("Failures of the last {n} hours.", n=number(report.hours)))
        if report.unknown:
            found.append(say("Ask me about a Dag by name, and I look into it."))
    else:
        days = number(report.hours // _DAYS)
        found.append(
            say("Of what I have looked into in {n} days, as far as you may see it.", n=days)
        )
    if report.more:
        found.append(say_many("{n} more is not shown.", "{n} more are not shown.", report.more))
    return found


def _alike(report: IncidentsReport) -> str:
    incident = next(iter(report.incidents), None)
    if incident is None:
        return say("🔍 I know of nobody who had this")
    others = incident.dag_count - (1 if report.own in incident.dags else 0)
    if others <= 0:
        times = _failures(incident.failures)
        return say("🔍 Only this Dag has it, as far as I know: {times}", times=times)
    return say_many("👥 {n} other Dag has the same", "👥 {n} other Dags have the same", others)


def _failures(found: int) -> str:
    return say_many("{n} failure", "{n} failures", found)


def _course(incident: Incident) -> str:
    first, last = incident.first_at, incident.last_at
    if incident.course is Course.OVER:
        return say("began at {at}, all run well again", at=_at(first, last))
    at = _at(first, last)
    since = say("since {at}", at=at) if incident.failures > 1 else say("at {at}", at=at)
    if incident.course is Course.QUIET and incident.failures > 1:
        since += say(", none after {at}", at=_at(last, last))
    if 0 < incident.recovered < incident.dag_count:
        since += say_many(
            ", {n} of {all} Dags run well again",
            ", {n} of {all} Dags run well again",
            incident.recovered,
            all=number(incident.dag_count),
        )
    return since


def _pace(incident: Incident) -> list[str]:
    now, before = incident.last_hour, incident.hour_before
    if incident.course is not Course.ONGOING or now < 2:
        return []
    trend = mark("{n} in the last hour, as many as in the one before")
    if now > before:
        trend = mark("{n} in the last hour, more than in the one before")
    elif now < before:
        trend = mark("{n} in the last hour, fewer than in the one before")
    return [say(trend, n=number(now))]


def _name(cluster: str, dag_id: str, several: bool) -> str:
    name = say("{name} on {cluster}", name=dag_id, cluster=cluster) if several else dag_id
    return name if len(name) <= _NAME_MAX else f"{name[: _NAME_MAX - 1]}…"


def _at(at: datetime, last: datetime) -> str:
    """With its day where that is another one than the last failure's."""
    return f"{at:%H:%M} UTC" if at.date() == last.date() else moment(at)
