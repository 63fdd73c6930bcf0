"""Reading alerts that Airflow's own notifiers and common callbacks post, for what they are about.

Understood: the repr of a task instance or run as Airflow prints it, the default subject line of
the e-mail notifier, and labelled lines ("*Dag*: orders", "task_id=load").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# <TaskInstance: dag.task run_id [failed]>, <TaskInstance: dag.task run_id map_index=3 [failed]>
_TASK_REPR = re.compile(
    r"<TaskInstance: (?P<path>[\w.\-]+) (?P<run>\S{1,250}?)(?: map_index=(?P<map>\d+))? \[\w+\]>"
)
# <DagRun orders @ 2026-01-01 00:00:00+00:00: scheduled__…, state:failed, …>
_RUN_REPR = re.compile(
    r"<DagRun (?P<dag>[\w.\-]+) @ [^:]{1,40}:[^<>]{0,40}?: ?(?P<run>[a-z_]+__[^\s,>]{1,200})"
)
# The subject of the e-mail notifier; its dashes are en dashes: DAG orders - Task load - Run ID …
_SUBJECT = re.compile(
    r"\bDAG (?P<dag>[\w.\-]+) [\u2013\u2014-] Task (?P<task>[\w.\-]+) [\u2013\u2014-]"
    r" Run ID (?P<run>\S{1,250})",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?P<label>dag[_ ]?run[_ ]?id|run[_ ]?id|dag[_ ]?run|dag[_ ]?id|dag(?: name)?"
    r"|task[_ ]?instance|task[_ ]?id|task(?: name)?|map[_ ]?index|try[_ ]?number|try|attempt)"
    r"[*_`]{0,3}\s{0,2}(?::|=|→)[*_]{0,3}\s{0,3}[`'\"*_]{0,3}(?P<value>[\w.\-+:]{1,250})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Alert:
    """What one alert names; any part may be missing, `dag_id` never is."""

    dag_id: str
    task_id: str | None = None
    run_id: str | None = None
    map_index: int | None = None
    try_number: int | None = None


def read_alert(text: str) -> Alert | None:
    """What the alert is about, or None where the text is no alert that names a Dag."""
    return _from_task_repr(text) or _from_subject(text) or _from_run_repr(text) or _labelled(text)


def _from_task_repr(text: str) -> Alert | None:
    found = _TASK_REPR.search(text)
    if found is None or "." not in found["path"]:
        return None
    # Dag ids may hold dots, task ids of a group do too; Airflow joins them without a mark. The
    # first dot is right unless the Dag id itself is dotted, which the look-up by name settles.
    dag_id, task_id = found["path"].split(".", 1)
    map_index = int(found["map"]) if found["map"] else None
    return Alert(dag_id, task_id, found["run"], map_index)


def _from_subject(text: str) -> Alert | None:
    found = _SUBJECT.search(text)
    return Alert(found["dag"], found["task"], found["run"]) if found else None


def _from_run_repr(text: str) -> Alert | None:
    found = _RUN_REPR.search(text)
    return Alert(found["dag"], run_id=found["run"]) if found else None


def _labelled(text: str) -> Alert | None:
    fields: dict[str, str] = {}
    for found in _LABELLED.finditer(text):
        label = re.sub(r"[_ ]", "", found["label"].lower())
        value = found["value"].rstrip(".:*_`") or found["value"]
        fields.setdefault(_FIELD_OF_LABEL[label], value)
    if "dag_id" not in fields:
        return None
    return Alert(
        fields["dag_id"],
        fields.get("task_id"),
        fields.get("run_id"),
        _number(fields.get("map_index")),
        _number(fields.get("try_number")),
    )


_FIELD_OF_LABEL = {
    "dag": "dag_id",
    "dagid": "dag_id",
    "dagname": "dag_id",
    "dagrun": "run_id",
    "dagrunid": "run_id",
    "runid": "run_id",
    "task": "task_id",
    "taskid": "task_id",
    "taskname": "task_id",
    "taskinstance": "task_id",
    "mapindex": "map_index",
    "try": "try_number",
    "trynumber": "try_number",
    "attempt": "try_number",
}


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None
