"""How alerts name what failed, as data: one entry for each way of writing it.

A pattern names its parts `dag`, `task`, `run`, `map` and `attempt`; `path` is a Dag and a task that
Airflow joined with a dot. Entries come in the order of how much they prove.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ID = r"[\w][\w.\-]{0,249}"
_RUN = r"[^\s,;<>\"'`|]{1,250}"
# An id that can be told from a word of the sentence around it.
_MARKED = r"[`'\"*]{0,2}(?P<%s>[\w][\w.\-]*[\w])[`'\"*]{0,2}"
_FAILED = r"(?:(?:has|have|just) )*(?:failed|is failing|was killed|timed out|missed)"


@dataclass(frozen=True, slots=True)
class Format:
    """`name` says who writes so. `is_weak`: it counts only where nothing else is found."""

    name: str
    pattern: re.Pattern[str]
    is_weak: bool = False


def _format(name: str, pattern: str, *, is_weak: bool = False) -> Format:
    return Format(name, re.compile(pattern, re.IGNORECASE), is_weak)


FORMATS: tuple[Format, ...] = (
    # <TaskInstance: dag.task run_id [failed]>, <TaskInstance: dag.task run_id map_index=3 [failed]>
    _format(
        "task instance as Airflow prints it",
        r"<TaskInstance: (?P<path>[\w.\-]+) (?P<run>\S{1,250}?)"
        r"(?: map_index=(?P<map>\d+))? \[\w+\]>",
    ),
    # The subject that the e-mail notifier writes, with en dashes: DAG orders - Task load - Run ID …
    _format(
        "e-mail notifier",
        rf"\bDAG (?P<dag>{_ID}) [\u2013\u2014-] Task (?P<task>{_ID}) [\u2013\u2014-]"
        rf" Run ID (?P<run>{_RUN})",
    ),
    # <DagRun orders @ 2026-01-01 00:00:00+00:00: scheduled__…, state:failed, …>
    _format(
        "Dag run as Airflow prints it",
        rf"<DagRun (?P<dag>{_ID}) @ [^:]{{1,40}}:[^<>]{{0,40}}?: ?"
        r"(?P<run>[a-z_]+__[^\s,>]{1,200})",
    ),
    # dag_id=orders/run_id=scheduled__…/task_id=load/map_index=3/attempt=2.log
    _format(
        "path of a task log",
        r"dag_id=(?P<dag>[^/\s]{1,250})/run_id=(?P<run>[^/\s]{1,250})"
        r"/task_id=(?P<task>[^/\s]{1,250})(?:/map_index=(?P<map>\d+))?"
        r"(?:/attempt=(?P<attempt>\d{1,4}))?",
    ),
    # DAG run failed: orders · run scheduled__…; DAG `orders` failed with run …
    _format(
        "hosted Airflow",
        rf"\bDag(?: run)? {_MARKED % 'dag'} {_FAILED}[^\n]{{0,60}}?\brun(?: id)?:? "
        rf"[`'\"*]{{0,2}}(?P<run>[a-z_]+__{_RUN})",
    ),
    # Task load of Dag orders failed; task `load` in DAG `orders` …
    _format(
        "a sentence that names task and Dag",
        rf"\btask {_MARKED % 'task'} (?:of|in|from|on) (?:the )?dag {_MARKED % 'dag'}",
    ),
    # DAG orders: task load failed; DAG orders task load failed
    _format(
        "a sentence that names Dag and task",
        rf"\bdag {_MARKED % 'dag'} ?[:,·|/\u2013\u2014-]? (?:the )?task {_MARKED % 'task'}",
    ),
    # Task orders.load failed
    _format(
        "a sentence that names them joined",
        r"\btask(?: instance)? [`'\"*]{0,2}(?P<path>[\w\-]+\.[\w.\-]*\w)"
        rf"[`'\"*]{{0,2}} {_FAILED}",
    ),
    # The DAG orders failed; Dag orders missed deadline at …
    _format("a sentence that names the Dag", rf"\bdag {_MARKED % 'dag'} {_FAILED}"),
    # [airflow] SLA miss on DAG=orders
    _format("missed service level", rf"SLA miss on DAG=(?P<dag>{_ID})"),
    # DAG run failed: orders, Task failed: orders.load
    _format(
        "a heading before the Dag",
        rf"\bdag(?: run)? (?:failed|failure|alert)\s?[:\u2013\u2014-]\s{{0,3}}{_MARKED % 'dag'}",
    ),
    _format(
        "a heading before the task",
        r"\btask (?:failed|failure)\s?[:\u2013\u2014-]\s{0,3}[`'\"*]{0,2}"
        r"(?P<path>[\w\-]+\.[\w.\-]*\w)",
    ),
    # airflow.dag.orders.load.duration, airflow.dagrun.duration.failed.orders
    _format(
        "metric of a Dag run",
        r"\bairflow\.dagrun\.(?:duration\.failed|schedule_delay|dependency-check)\."
        r"(?P<dag>[\w\-]+)",
    ),
    _format(
        "metric of a task",
        r"\bairflow\.(?:dag|ti\.(?:finish|start))\.(?P<path>[\w\-]+\.[\w\-]+)"
        r"(?:\.(?:duration|failed|queued_duration|scheduled_duration))?",
    ),
    # orders__load__20261121
    _format(
        "key of a task instance",
        r"(?<![\w.])(?!(?:manual|scheduled|backfill|asset_triggered|dataset_triggered)__)"
        r"(?P<dag>[a-z][\w.\-]*?)__(?P<task>[a-z][\w.\-]*?)__\d{8}(?!\w)",
    ),
    # File "/opt/airflow/dags/team/orders.py", line 41, in load
    _format(
        "traceback through a Dag's file",
        r"File \"[^\"\n]{0,300}/dags/(?:[^\"\n/]{1,100}/){0,8}(?P<dag>[\w\-]{1,200})\.py\"",
        is_weak=True,
    ),
)

LABELLED = re.compile(
    r"(?P<label>dag[_ ]?run[_ ]?id|run[_ ]?id|dag[_ ]?run|dag[_ ]?id|dag(?: name)?"
    r"|task[_ ]?instance|task[_ ]?id|task(?: name)?|map[_ ]?index|try[_ ]?number|try|attempt)"
    r"[*_`'\"]{0,3}\s{0,2}(?::|=|→)[*_]{0,3}\s{0,3}[`'\"*_]{0,3}(?P<value>[\w.\-+:]{1,250})",
    re.IGNORECASE,
)
"""A label with its value: `*Dag*: orders`, `task_id=load`, `"run_id": "…"`, `dag_id:orders`."""

FIELD_OF_LABEL = {
    "dag": "dag",
    "dagid": "dag",
    "dagname": "dag",
    "dagrun": "run",
    "dagrunid": "run",
    "runid": "run",
    "task": "task",
    "taskid": "task",
    "taskname": "task",
    "taskinstance": "task",
    "mapindex": "map",
    "try": "attempt",
    "trynumber": "attempt",
    "attempt": "attempt",
}
"""What a label means, written in lower case without blanks and underscores."""
