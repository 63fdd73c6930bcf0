"""What recorded Airflow clusters answer to a question, filters and pages included."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

Json = Any
Query = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json


@dataclass(frozen=True)
class Route:
    """`piece` is the name under which a test switches faults of this call on."""

    piece: str
    place: Mapping[str, str] = field(default_factory=dict)


_TI = r"/dags/(?P<dag>[^/]+)/dagRuns/(?P<run>[^/]+)/taskInstances"
_ROUTES = [
    (re.compile(f"^/api/v2{pattern}$"), piece)
    for pattern, piece in (
        (r"/monitor/health", "health"),
        (r"/version", "version"),
        (r"/jobs", "jobs"),
        (r"/pools", "pools"),
        (r"/importErrors", "import_errors"),
        (r"/eventLogs", "event_logs"),
        (r"/dagWarnings", "dag_warnings"),
        (r"/dags", "dags"),
        (r"/assets", "assets"),
        (r"/dags/(?P<dag>[^/]+)/details", "dag_details"),
        (r"/dags/(?P<dag>[^/]+)/tasks", "tasks"),
        (r"/dags/(?P<dag>[^/]+)/dagVersions", "dag_versions"),
        (r"/dags/(?P<dag>[^/]+)/dagRuns", "dag_runs"),
        (r"/dags/(?P<dag>[^/]+)/dagRuns/(?P<run>[^/]+)", "dag_run"),
        (_TI, "task_instances"),
        (_TI + r"/(?P<task>[^/]+)/tries", "tries"),
        (_TI + r"/(?P<task>[^/]+)/(?P<map>-?\d+)/tries", "tries"),
        (_TI + r"/(?P<task>[^/]+)/dependencies", "dependencies"),
        (_TI + r"/(?P<task>[^/]+)/(?P<map>-?\d+)/dependencies", "dependencies"),
        (_TI + r"/(?P<task>[^/]+)/links", "links"),
        (_TI + r"/(?P<task>[^/]+)/logs/(?P<try>\d+)", "log"),
        (_TI + r"/(?P<task>[^/]+)", "task_instance"),
    )
]


def route_of(path: str) -> Route | None:
    for pattern, piece in _ROUTES:
        found = pattern.match(path)
        if found:
            return Route(piece, {name: unquote(value) for name, value in found.groupdict().items()})
    return None


class AirflowWorld:
    """One cluster holding the Dags of several recordings; the first tells of the cluster itself.

    `more_dags` are ids of Dags of which nothing else is known.
    """

    def __init__(self, recordings: Sequence[Mapping[str, Json]], more_dags: Iterable[str] = ()):
        self._recordings = {str(one["dag_id"]): one for one in recordings}
        self._common = recordings[0]["evidence"]
        self._more_dags = sorted(more_dags)

    def answer(self, route: Route, query: Query, page_cap: int) -> Answer:
        """The recorded reply, narrowed by the filters and paged as Airflow would."""
        method = getattr(self, f"_{route.piece}", None)
        if method is not None:
            found: Answer = method(route.place, query)
        elif route.piece in self._common and "dag" not in route.place:
            found = _recorded(self._common[route.piece])
        else:
            found = self._of_dag(route.piece, route.place)
        return _paged(found, query, page_cap)

    def log(self, place: Mapping[str, str], query: Query) -> tuple[int, Iterator[bytes]]:
        """Status and ndjson lines of one try's log."""
        label = f"{place['task']}[{_first(query, 'map_index') or '-1'}]"
        recording = self._recordings.get(place["dag"], {})
        is_earlier = recording.get("run_id") not in (place["run"], "none", None)
        which = "green" if is_earlier else f"try{place['try']}"
        entry = self._evidence(place["dag"]).get(f"log:{label}:{which}")
        if entry is None or entry.get("status") != 200:
            return 404, iter([b'{"detail":"TaskInstance not found"}'])
        return 200, (json.dumps(record).encode() + b"\n" for record in entry["content"])

    def _evidence(self, dag_id: str) -> Mapping[str, Json]:
        found = self._recordings.get(dag_id)
        evidence: Mapping[str, Json] = found["evidence"] if found else {}
        return evidence

    def _of_dag(self, piece: str, place: Mapping[str, str]) -> Answer:
        dag_id = place["dag"]
        entry = self._evidence(dag_id).get(piece)
        if entry is None:
            return Answer(404, {"detail": f"The Dag with ID: `{dag_id}` was not found"})
        return _recorded(entry)

    def _dags(self, place: Mapping[str, str], query: Query) -> Answer:
        there = [
            dag_id
            for dag_id, one in self._recordings.items()
            if one["evidence"]["dag_details"]["status"] == 200
        ]
        wanted = (_first(query, "dag_id_pattern") or "").strip("%").lower()
        ids = sorted(one for one in [*there, *self._more_dags] if wanted in one.lower())
        return Answer(200, {"dags": [{"dag_id": one} for one in ids]})

    def _assets(self, place: Mapping[str, str], query: Query) -> Answer:
        recorded = self._evidence(_first(query, "dag_ids") or "").get("assets")
        return _recorded(recorded) if recorded else Answer(200, {"assets": [], "total_entries": 0})

    def _dag_warnings(self, place: Mapping[str, str], query: Query) -> Answer:
        evidence = self._evidence(_first(query, "dag_id") or "")
        return _recorded(evidence.get("dag_warnings", self._common["dag_warnings"]))

    def _dag_runs(self, place: Mapping[str, str], query: Query) -> Answer:
        if place["dag"] != "~":
            found = self._of_dag("recent_runs", place)
            if found.status != 200:
                return found
            rows = found.body["dag_runs"]
        else:
            rows = [run for one in self._recordings for run in self._rows(one, "recent_runs")]
        return Answer(200, {"dag_runs": [row for row in rows if _fits(row, query)]})

    def _dag_run(self, place: Mapping[str, str], query: Query) -> Answer:
        for row in self._rows(place["dag"], "recent_runs"):
            if row["dag_run_id"] == place["run"]:
                return Answer(200, row)
        found = self._of_dag("dag_run", place)
        if found.status == 200 and found.body["dag_run_id"] != place["run"]:
            return Answer(404, {"detail": "The DagRun was not found"})
        return found

    def _task_instances(self, place: Mapping[str, str], query: Query) -> Answer:
        dag_id, run_id = place["dag"], place["run"]
        if dag_id == "~":
            rows = [row for one in self._recordings for row in self._rows(one, "task_instances")]
        elif run_id == "~":
            rows = self._rows(dag_id, f"history:{_first(query, 'task_id')}")
        elif self._dag_run(place, {}).status != 200:
            return Answer(404, {"detail": f"DagRun with dag_id: `{dag_id}` was not found"})
        else:
            rows = self._rows(dag_id, "task_instances")
        return Answer(200, {"task_instances": [row for row in rows if _fits(row, query)]})

    def _task_instance(self, place: Mapping[str, str], query: Query) -> Answer:
        rows = [
            r for r in self._rows(place["dag"], "task_instances") if r["task_id"] == place["task"]
        ]
        if any(row["map_index"] >= 0 for row in rows):
            return Answer(404, {"detail": _MAPPED})
        return Answer(200, rows[0]) if rows else Answer(404, {"detail": "not found"})

    def _tries(self, place: Mapping[str, str], query: Query) -> Answer:
        return self._of_task("tries", place)

    def _dependencies(self, place: Mapping[str, str], query: Query) -> Answer:
        return self._of_task("dependencies", place)

    def _links(self, place: Mapping[str, str], query: Query) -> Answer:
        return self._of_task("links", {**place, "map": _first(query, "map_index") or "-1"})

    def _of_task(self, piece: str, place: Mapping[str, str]) -> Answer:
        evidence = self._evidence(place["dag"])
        label = f"{place['task']}[{place.get('map') or '-1'}]"
        if f"{piece}:{label}" not in evidence:
            mapped = any(key.startswith(f"{piece}:{place['task']}[") for key in evidence)
            return Answer(404, {"detail": _MAPPED if mapped else "TaskInstance not found"})
        return _recorded(evidence[f"{piece}:{label}"])

    def _event_logs(self, place: Mapping[str, str], query: Query) -> Answer:
        seen: dict[int, Json] = {}
        for dag_id in self._recordings:
            for key in ("event_logs_run", "event_logs_dag", "event_logs_cluster"):
                seen.update({row["event_log_id"]: row for row in self._rows(dag_id, key)})
        rows = sorted(seen.values(), key=lambda row: row["when"], reverse=True)
        return Answer(200, {"event_logs": [row for row in rows if _fits(row, query)]})

    def _rows(self, dag_id: str, key: str) -> list[Json]:
        """The list inside one recorded reply; none where it was refused or not recorded."""
        body = (self._evidence(dag_id).get(key) or {}).get("body") or {}
        return next((value for value in body.values() if isinstance(value, list)), [])


_MAPPED = "Task instance is mapped, add the map_index value to the URL"


def _recorded(entry: Mapping[str, Json]) -> Answer:
    return Answer(entry["status"], entry.get("body"))


def _first(query: Query, name: str) -> str | None:
    values = query.get(name)
    return values[0] if values else None


_EQUAL = {"dag_id": "dag_id", "run_id": "run_id", "task_id": "task_id"}
_AMONG = {"state": "state", "map_index": "map_index", "included_events": "event"}
_SPANS = {
    "after": ("when", 1),
    "before": ("when", -1),
    "end_date_gte": ("end_date", 1),
    "end_date_lte": ("end_date", -1),
    "run_after_gte": ("run_after", 1),
    "run_after_lte": ("run_after", -1),
}


def _fits(row: Mapping[str, Json], query: Query) -> bool:
    for name, values in query.items():
        if name in _EQUAL and str(row.get(_EQUAL[name])) != values[0]:
            return False
        if name in _AMONG and str(row.get(_AMONG[name])) not in values:
            return False
        if name == "excluded_events" and row.get("event") in values:
            return False
        if name in _SPANS and not _within(row, name, values[0]):
            return False
    return True


def _within(row: Mapping[str, Json], name: str, bound: str) -> bool:
    column, sign = _SPANS[name]
    if not row.get(column):
        return False
    at, limit = (datetime.fromisoformat(one) for one in (row[column], bound))
    return at >= limit if sign > 0 else at <= limit


def _paged(answer: Answer, query: Query, page_cap: int) -> Answer:
    """A list cut to its page: Airflow lowers a `limit` that is too high without a word."""
    if answer.status != 200 or not isinstance(answer.body, dict):
        return answer
    name = next((key for key, value in answer.body.items() if isinstance(value, list)), None)
    if name is None or "limit" not in query:
        return answer
    rows = answer.body[name]
    offset = int(_first(query, "offset") or 0)
    limit = min(int(_first(query, "limit") or 50), page_cap)
    page = rows[offset : offset + limit]
    return Answer(200, {**answer.body, name: page, "total_entries": len(rows)})
