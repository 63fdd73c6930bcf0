"""What situations are made of: a Dag, its run, its task, and short logs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.diagnosis.logs import read_log_records
from bot.domain.evidence import ComponentHealth, DagDetails, DagRun, EventLogEntry, TaskInstance
from bot.domain.logs import LogReading

START = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
END = START + timedelta(seconds=20)
RUN_ID = "manual__2026-11-22T06:00:00+00:00"
HEALTHY = tuple(
    ComponentHealth(name, "healthy")
    for name in ("metadatabase", "scheduler", "triggerer", "dag_processor")
)
TASK = TaskInstance(
    "orders",
    RUN_ID,
    "load",
    state="failed",
    try_number=1,
    max_tries=0,
    start=START,
    end=END,
    duration=20.0,
    queued_at=START,
    hostname="10.1.1.4",
    pid=812,
    pool="default_pool",
    operator="PythonOperator",
)
RUN = DagRun(
    RUN_ID,
    "orders",
    "failed",
    run_after=START,
    start=START,
    end=END,
    duration=20.0,
    logical_date=START,
)
DAG = DagDetails("orders", is_paused=False, is_stale=False, max_active_runs=16)
WAITING = replace(
    TASK, state="scheduled", start=None, end=None, duration=None, hostname=None, pid=None
)
ACTIVE = replace(RUN, state="running", end=None, duration=None)
QUEUED = replace(RUN, state="queued", start=None, end=None, duration=None)
KILLED = (
    {"event": "working", "level": "info", "logger": "task.stdout"},
    {
        "event": "Server indicated the task shouldn't be running anymore. Terminating process",
        "level": "error",
        "logger": "task",
        "detail": {"reason": "not_running", "current_state": "failed"},
    },
    {"event": "Task killed!", "level": "error", "logger": "task"},
)


def log(*records: dict[str, object]) -> LogReading:
    head = {"event": "::group::Pre Execute", "level": "info", "logger": "task"}
    timed = [
        {"timestamp": (START + timedelta(seconds=n)).isoformat(), **record}
        for n, record in enumerate((head, *records))
    ]
    return read_log_records(timed, 1)


def failed_with(*chain: tuple[str, str], user: bool = True) -> LogReading:
    """A task failure; the chain outermost first, as Airflow serves it."""
    file = "/opt/airflow/dags/orders.py" if user else "/venv/lib/python3.12/site-packages/x/y.py"
    frames = [{"filename": file, "lineno": 7, "name": "load"}]
    detail = [
        {"exc_type": kind, "exc_value": value, "is_cause": n > 0, "frames": frames}
        for n, (kind, value) in enumerate(chain)
    ]
    event = "Task failed with exception"
    return log({"event": event, "level": "error", "logger": "task", "error_detail": detail})


def said(name: str, owner: str = "orders-team", **extra: object) -> EventLogEntry:
    text = json.dumps(extra) if extra else ""
    task = None if name.startswith(("patch_dag_run", "cancel", "trigger")) else "load"
    return EventLogEntry(3, END, name, owner, "orders", task, RUN_ID, extra=text)
