"""Reading Airflow web addresses: which cluster, Dag, run, task instance and try they point at.

Understands Airflow 3's paths (`/dags/<dag>/runs/<run>/tasks/<task>/mapped/<n>`), its REST paths,
and the older pages that people still paste (`/dags/<dag>/grid?dag_run_id=…`, `/log?dag_id=…`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from bot.domain.targets import Target

_DIGITS_MAX = 10


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """A cluster's name with the base addresses under which its pages are found."""

    name: str
    bases: tuple[str, ...]
    aliases: tuple[str, ...] = ()


def target_of_url(url: str, clusters: Sequence[ClusterAddress]) -> Target | None:
    """The target behind one address, or None where it is no Airflow page.

    An address of a host that belongs to no configured cluster gives a target whose `cluster` is
    empty: its Dag may still be found by name.
    """
    parts = _split(url)
    if parts is None:
        return None
    cluster, path = _cluster_of(parts, clusters)
    fields = _from_path(path) or _from_query(path, parts.query)
    if not fields:
        return None
    fields = {**_refinements(parts.query), **fields}
    return Target(
        cluster=cluster,
        dag_id=fields.get("dag_id"),
        run_id=fields.get("run_id"),
        task_id=fields.get("task_id"),
        map_index=_number(fields.get("map_index"), at_least=0),
        try_number=_number(fields.get("try_number"), at_least=1),
    )


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # a port that is no number raises only when it is read
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and parts.netloc else None


def _cluster_of(parts: SplitResult, clusters: Sequence[ClusterAddress]) -> tuple[str, str]:
    """The cluster with the longest base that the address starts with, and the path below it."""
    found = ("", "", parts.path)
    for cluster in clusters:
        for base in cluster.bases:
            known = _split(base)
            if known is None or _host(known) != _host(parts):
                continue
            prefix = known.path.rstrip("/")
            below = parts.path.startswith(prefix + "/") or parts.path == prefix
            if below and (not found[0] or len(prefix) > len(found[1])):
                found = (cluster.name, prefix, parts.path[len(prefix) :])
    if not found[0]:
        at = parts.path.find("/dags/")
        return "", parts.path[at:] if at > 0 else parts.path
    return found[0], found[2]


def _host(parts: SplitResult) -> tuple[str, int]:
    return (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


# Words that may follow an id in a path, with the field that the next segment fills.
_PLACES = {
    "runs": "run_id",
    "dagRuns": "run_id",
    "tasks": "task_id",
    "taskInstances": "task_id",
    "mapped": "map_index",
    "logs": "try_number",
    "tries": "try_number",
}


def _from_path(path: str) -> dict[str, str]:
    segments = [unquote(segment) for segment in path.strip("/").split("/")]
    if segments[:2] in (["api", "v2"], ["api", "v1"]):
        segments = segments[2:]
    if len(segments) < 2 or segments[0] != "dags":
        return {}
    fields = {"dag_id": segments[1]}
    rest = segments[2:]
    while rest:
        word, following = rest[0], rest[1] if len(rest) > 1 else None
        field = _PLACES.get(word)
        if field is None or following is None:
            # REST gives the map index bare: …/taskInstances/<task>/<n>/logs/<try>
            if _is_number(word) and "task_id" in fields and "map_index" not in fields:
                fields["map_index"] = word
            rest = rest[1:]
            continue
        if word == "tasks" and following == "group":
            break  # a task group names no task instance
        fields.setdefault(field, following)
        rest = rest[2:]
    return fields


# Pages of Airflow 2 that name their subject in the query alone.
_OLD_PAGES = {"log", "task", "rendered-templates", "xcom", "graph", "tree", "dagrun_details"}


def _from_query(path: str, query: str) -> dict[str, str]:
    if path.strip("/").split("/")[-1] not in _OLD_PAGES:
        return {}
    values = _query(query)
    return {"dag_id": values["dag_id"]} if "dag_id" in values else {}


def _refinements(query: str) -> dict[str, str]:
    values = _query(query)
    kept = ("task_id", "map_index", "try_number")
    fields = {name: values[name] for name in kept if name in values}
    run = values.get("dag_run_id") or values.get("run_id")
    if run:
        fields["run_id"] = run
    return fields


def _query(query: str) -> Mapping[str, str]:
    # A raw "+" in a run id (its time zone) means itself here, not a blank.
    pairs = parse_qs(query.replace("+", "%2B"), keep_blank_values=False)
    return {name: values[0] for name, values in pairs.items()}


def _number(text: str | None, *, at_least: int) -> int | None:
    if text is None or not _is_number(text) or int(text) < at_least:
        return None
    return int(text)


def _is_number(text: str) -> bool:
    """ASCII digits, few enough for any index or try: other digits are no numbers to `int`."""
    return text.isascii() and text.isdecimal() and len(text) < _DIGITS_MAX
