"""A failure made by hand, of which single tests change what they are about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.answering.deterministic import diagnosis_from
from bot.domain.answers import Diagnosis, Link
from bot.domain.evidence import (
    DagDetails,
    DagRun,
    DagVersion,
    EventLogEntry,
    Evidence,
    Pool,
    TaskInstance,
)
from bot.domain.logs import LogLine, LogReading, Speaker
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.domain.runbooks import KnownFailure, Section, When
from bot.domain.targets import Target
from bot.domain.verdicts import Quote, RetryAdvice, Verdict, VerdictKind

BEGAN = datetime(2026, 11, 22, 5, 54, 0, tzinfo=UTC)
TARGET = Target("prod", "orders", "scheduled__2026-11-22", "load")
LINK = Link("Task log", "https://airflow.example.com/dags/orders")

TASK_INSTANCE = TaskInstance(
    dag_id="orders",
    run_id="scheduled__2026-11-22",
    task_id="load",
    state="failed",
    try_number=2,
    max_tries=1,
    start=BEGAN,
    end=BEGAN + timedelta(seconds=41),
    duration=41.0,
    queued_at=BEGAN - timedelta(seconds=12),
    hostname="worker-7",
    pid=4711,
    pool="warehouse",
    operator="PythonOperator",
    executor="airflow.executors.celery.CeleryExecutor",
    version=DagVersion(8),
)

LOG = LogReading(
    try_number=2,
    lines=(
        LogLine(1, "Starting attempt 2 of 2", level="info", speaker=Speaker.AIRFLOW),
        LogLine(40, "read 1200 rows from landing", level="info"),
        LogLine(41, "print of the row: {'id': 7}", speaker=Speaker.STDOUT),
        LogLine(57, "KeyError: 'country'", level="error"),
        LogLine(58, "Task failed with exception", level="error", speaker=Speaker.AIRFLOW),
    ),
    lines_read=61,
)

EVIDENCE = Evidence(
    target=TARGET,
    airflow_version="3.3.2",
    gathered_at=BEGAN + timedelta(minutes=10),
    task_instance=TASK_INSTANCE,
    tries=(
        replace(TASK_INSTANCE, try_number=1, hostname="worker-2", duration=39.0),
        TASK_INSTANCE,
    ),
    log=LOG,
    dag_run=DagRun(
        "scheduled__2026-11-22",
        "orders",
        state="failed",
        run_type="scheduled",
        logical_date=datetime(2026, 11, 22, tzinfo=UTC),
    ),
    dag=DagDetails("orders", owners=("orders-team",), relative_fileloc="orders.py"),
    events=(EventLogEntry(901, BEGAN, "running"), EventLogEntry(902, BEGAN, "failed")),
    pools=(Pool("warehouse", slots=8, open_slots=3),),
    last_green=replace(
        TASK_INSTANCE,
        run_id="scheduled__2026-11-21",
        state="success",
        duration=35.0,
        version=DagVersion(7),
        end=BEGAN - timedelta(days=1),
    ),
)

VERDICT = Verdict(
    kind=VerdictKind.CODE,
    cause="python_exception",
    title="A Python exception in the task's own code",
    confidence=0.9,
    quotes=(Quote("L57", "KeyError: 'country'", "task log", 2, 57),),
    why="The task's own code looked up the key 'country', which the row does not have.",
    retry=RetryAdvice.AFTER_FIX,
    owner="dag_owner",
)

RUNBOOK = KnownFailure(
    cause="python_exception",
    title="A Python exception in the task's own code",
    verdict=VerdictKind.CODE,
    retry=RetryAdvice.AFTER_FIX,
    signatures=(),
    when=When(),
    owner="dag_owner",
    sections=(
        Section("What happened", "The task's own code raised an exception.\n\nMore of it."),
        Section("Check", "Open the frame in `{dag_file}`."),
        Section(
            "Fix",
            "1. Guard the lookup that failed in `{dag_file}`.\n"
            "2. Test it with the row that broke:\n"
            "   ```bash\n   airflow dags test {dag_id}\n   ```\n"
            "3. Deploy and clear `{task_id}`.\n",
        ),
    ),
    path="runbooks/python_exception.md",
)

QUESTION = Question(
    id="T1:C1:1.0",
    origin=Origin.SLACK,
    asker=Asker("U1"),
    thread=ThreadKey("T1", "C1", "1.0"),
    message_ts="1.0",
    text="why did orders fail?",
    asked_at=BEGAN + timedelta(minutes=10),
)


def diagnosed(
    verdict: Verdict = VERDICT,
    evidence: Evidence = EVIDENCE,
    known: KnownFailure | None = RUNBOOK,
) -> Diagnosis:
    return diagnosis_from(
        "A1B2", evidence.target, "the latest failed run", verdict, known, evidence, [LINK]
    )


def with_task(**changes: Any) -> Evidence:
    """The evidence with another task instance as it stands now."""
    return replace(EVIDENCE, task_instance=replace(TASK_INSTANCE, **changes), tries=())


def with_lines(*lines: LogLine) -> Evidence:
    return replace(EVIDENCE, log=replace(LOG, lines=lines))
