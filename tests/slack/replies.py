"""Replies of every kind, as a real diagnosis would bring them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.answers import (
    Apology,
    Choice,
    Claim,
    ClusterReport,
    Diagnosis,
    Explanation,
    HealthReport,
    Help,
    HowTo,
    Link,
    LogReport,
    ModelOutcome,
    NotFound,
    Reply,
    StatusReport,
    Unsupported,
)
from bot.domain.evidence import (
    ComponentHealth,
    DagRun,
    Gap,
    GapReason,
    Pool,
    TaskInstance,
)
from bot.domain.logs import LogLine
from bot.domain.oncall import OnCallNow, Responder
from bot.domain.reports import (
    FailingDag,
    FailingDags,
    OnCallLevel,
    OnCallReport,
    RunbookName,
    RunbookReport,
)
from bot.domain.runbooks import Passage
from bot.domain.targets import Ambiguous, Nowhere, Option, Target
from bot.domain.verdicts import ErrorClass, Quote, RetryAdvice, RuledOut, Verdict, VerdictKind

AT = datetime(2026, 11, 21, 2, 14, 3, tzinfo=UTC)
TARGET = Target(
    "production", "orders_daily", "scheduled__2026-11-21T02:00:00+00:00", "load", None, 2
)
_PAGE = "https://airflow.example.com/dags/orders_daily/runs/scheduled__2026-11-21"
LINKS = (
    Link("Task log", f"{_PAGE}/tasks/load?try_number=2"),
    Link("Run", _PAGE),
    Link("Dag", "https://airflow.example.com/dags/orders_daily"),
)
GAPS = (
    Gap("event log", GapReason.FORBIDDEN, "403", "Grant the bot's role Audit Logs.can_read."),
    Gap("pools", GapReason.TIMEOUT, "no answer in 5 s"),
)
TRACEBACK = """Traceback (most recent call last):
  File "/opt/airflow/dags/orders.py", line 41, in load
    total = sum(row["amount"] for row in rows)
KeyError: 'amount'"""
LINES = tuple(
    LogLine(number, text, AT + timedelta(seconds=number), level)
    for number, text, level in (
        (1, "DAG bundles loaded: dags-folder", "info"),
        (2, "Task instance is in running state", "info"),
        (117, "read 1204 rows from s3://orders/2026-11-20.csv", "info"),
        (118, TRACEBACK, "error"),
        (119, "Task exited with code 1", "error"),
    )
)

CODE = Diagnosis(
    reference="a1b2c3d4",
    target=TARGET,
    understood_as="the latest failed run",
    verdict=Verdict(
        kind=VerdictKind.CODE,
        cause="key_error",
        title="A field that the code expects is missing",
        confidence=0.92,
        quotes=(
            Quote("L118", TRACEBACK, "task log", 2, 118, "2026-11-21T02:16:01+00:00"),
            Quote("L117", LINES[2].text, "task log", 2, 117, "2026-11-21T02:16:00+00:00"),
            Quote("M1", "try 1 succeeded on 2026-11-20 with version 7", "history"),
        ),
        why="The rows have no `amount` any more.",
        retry=RetryAdvice.AFTER_FIX,
        owner="dag_owner",
        error_class=ErrorClass.DATA,
        ruled_out=(
            RuledOut("oom_killed", "the task ended by itself with exit code 1"),
            RuledOut("pool_full", "it was queued for 2 s only"),
        ),
        also_possible=("schema_changed",),
        gaps=GAPS,
    ),
    steps=(
        "Look at one row of the input and find what `amount` is called now.",
        "Handle both names in `load`:\n\n```python\namount = row.get('amount', 0)\n```",
        "Add a schema check before **load**, see [data checks](https://runbooks.example.com/d).",
        "Clear the task once the fix is deployed.",
    ),
    check="Run `airflow tasks test orders_daily load 2026-11-21` and read the last lines.",
    owner="the Dag's owner (orders-team)",
    retry_text="Only after the fix; then clear the task.",
    what_happened=(
        "load (try 2 of 3) failed after 2 min at 02:16:01 UTC. "
        "The rows that it read have no field “amount”."
    ),
    facts=(
        ("State", "failed"),
        ("Try", "2 of 3"),
        ("Duration", "2 min (last success took 3 min)"),
        ("Pool", "default_pool: 126 of 128 slots free"),
        ("Dag version", "8 (since 2026-11-20 17:02 UTC); the last success ran version 7"),
        ("Owner", "orders-team"),
        ("Airflow", "3.3.2, LocalExecutor"),
    ),
    links=LINKS,
    log_lines=LINES,
    lines_read=10_233,
)
CAPACITY = Diagnosis(
    reference="b2c3d4e5",
    target=Target("production", "features", "manual__2026-11-21", "train", 3, 1),
    understood_as="the run of last night",
    verdict=Verdict(
        kind=VerdictKind.CAPACITY,
        cause="oom_killed",
        title="Task killed for memory",
        confidence=0.97,
        quotes=(
            Quote("L88", "Task was killed: OOMKilled, limit 2Gi", "task log", 1, 88),
            Quote("M2", "exit code 137", "task log", 1, 90),
        ),
        why="The pod needed more memory than its limit of 2 GiB.",
        retry=RetryAdvice.POINTLESS,
        owner="platform",
        error_class=ErrorClass.RESOURCE,
    ),
    steps=(
        "Raise the task's memory limit from 2 GiB; the last runs grew by 8 % a week.",
        "Read the input in chunks instead of all at once.",
    ),
    check="",
    owner="the platform team",
    retry_text="No: the same run will meet the same end.",
    what_happened="train[3] (try 1) failed after 14 min. The pod was killed for memory at 2 GiB.",
    facts=(("State", "failed"), ("Try", "1 of 1"), ("Worker", "worker-7")),
    links=LINKS[:1],
    lines_read=204,
)
UNKNOWN = Diagnosis(
    reference="c3d4e5f6",
    target=TARGET,
    understood_as="",
    verdict=Verdict(
        kind=VerdictKind.UNKNOWN,
        cause="unknown",
        title="",
        confidence=0.3,
        quotes=(),
        why="There is no log of this try, and the event log may not be read.",
        retry=RetryAdvice.UNKNOWN,
        owner="platform",
        also_possible=("worker_lost", "oom_killed"),
        gaps=GAPS,
    ),
    steps=("Read the worker's own log on worker-3 around 02:16 UTC.",),
    check="",
    owner="the platform team",
    retry_text="I can't say: what I see does not tell if the cause is gone.",
    what_happened="load (try 2) failed. There is no log of this try.",
    facts=(("State", "failed"),),
    links=LINKS,
)
EXPLAINED = Explanation(
    ModelOutcome.USED,
    claims=(
        Claim("The upstream export renamed `amount`, which `load` still reads.", ("L118", "M1")),
        Claim("A changed Dag version is less likely.", ("M1",), disputed=True),
    ),
    next_steps=(Claim("Ask the orders team when the export changed.", ("L117",)),),
    model="small-model",
    dropped=1,
)
STATUS = StatusReport(
    reference="d4e5f6a7",
    target=Target("production", "orders_daily"),
    runs=tuple(
        DagRun(
            f"scheduled__2026-11-{day}T02:00:00+00:00",
            "orders_daily",
            state,
            "scheduled",
            start=AT - timedelta(days=21 - day),
            duration=183.0,
        )
        for day, state in ((21, "failed"), (20, "success"), (19, "success"), (18, "running"))
    ),
    failing=(
        TaskInstance("orders_daily", "r", "load", state="failed", try_number=2, end=AT),
        TaskInstance("orders_daily", "r", "notify", state="upstream_failed", end=AT),
    ),
    links=LINKS[2:],
    is_paused=True,
    owners=("orders-team",),
    gaps=GAPS[:1],
)
HEALTH = HealthReport(
    reference="e5f6a7b8",
    clusters=(
        ClusterReport(
            "production",
            True,
            "3.3.2",
            (
                ComponentHealth("metadatabase", "healthy"),
                ComponentHealth("scheduler", "unhealthy", AT),
                ComponentHealth("triggerer", None),
            ),
            pools=(Pool("default_pool", 128, 2, running=126, queued=40), Pool("small", 4, 4)),
            import_errors=3,
            failed_last_hour=41,
        ),
        ClusterReport("staging", False, gaps=(Gap("cluster", GapReason.UNAVAILABLE),)),
    ),
)
LOG = LogReport("f6a7b8c9", TARGET, LINES, 10_233, 10_228, LINKS[:1])
_OPTIONS = tuple(
    Option(f"orders_{name}", Target("production", f"orders_{name}"))
    for name in ("daily", "hourly", "weekly", "monthly", "yearly", "backfill", "replay")
)
CHOICE = Choice("a7b8c9d0", Ambiguous("Which of these do you mean?", _OPTIONS))
NOT_FOUND = NotFound(
    "b8c9d0e1",
    Nowhere("ordrs_dialy", ("production", "staging"), _OPTIONS[:2], "Check the spelling."),
)
HOW_TO = HowTo(
    "c9d0e1f2",
    "how do I run a backfill safely?",
    (
        Passage(
            "R1",
            "Backfill without starving others",
            "Use its own pool:\n\n1. Create a pool with few slots.\n2. Start it:\n\n"
            "   ```\n   airflow backfill create --dag-id orders --max-active-runs 2\n   ```\n\n"
            "See [the guide](https://runbooks.example.com/backfill).",
            "runbook",
        ),
        Passage("R2", "Docs of orders", "See [a page](https://elsewhere.example.com)", "dag docs"),
    ),
)
HELP = Help("d0e1f2a3", ("production", "staging"))
UNSUPPORTED = Unsupported("e1f2a3b4", "rerun tasks", "Clear the task instance in Airflow.")
APOLOGY = Apology("f2a3b4c5", "Something broke on my side.")
MINE = FailingDags(
    "a3b4c5d6",
    (
        FailingDag(
            "production",
            "orders_daily",
            "owner orders-team, yours by the settings",
            "load",
            "scheduled__2026-11-21T02:00:00+00:00",
            AT,
            3,
            link=_PAGE,
        ),
        FailingDag("test", "billing", "your pattern bill*", "push", "r1", AT, recovered=True),
    ),
    24,
    ("dag-author@example.com", "Dag author"),
    ("bill*",),
    several_clusters=True,
    gaps=GAPS,
)
RUNBOOK = RunbookReport(
    "b4c5d6e7",
    "memory",
    "oom_killed",
    "Task killed for memory",
    "platform",
    (
        ("What happened", "The pod needed more than its limit."),
        ("Check", "1. Look at `memory` of the pod.\n2. Compare it with the *last* runs."),
        ("Fix", "Raise the limit:\n\n```python\nlimits={'memory': '4Gi'}\n```"),
    ),
    "https://runbooks.example.com/oom_killed.md",
    (RunbookName("sigkill_undetermined", "Killed, and nobody knows by whom"),),
)
RUNBOOKS = RunbookReport(
    "c5d6e7f8", "", others=tuple(RunbookName(f"cause_{n}", f"Cause {n}") for n in range(80))
)
ON_CALL = OnCallReport(
    "d6e7f8a9",
    (
        OnCallLevel(
            OnCallNow(1, (Responder("Dana", "U0ONCALL01"),), "rota", AT),
            OnCallNow(1, (Responder("Kim"),), "rota", None),
        ),
        OnCallLevel(OnCallNow(2, (), "pagerduty", fault="PagerDuty does not answer.")),
    ),
)
NOBODY_ON_CALL = OnCallReport("e7f8a9b0")
EVERY: dict[str, Reply] = {
    "code": CODE,
    "capacity": CAPACITY,
    "unknown": UNKNOWN,
    "status": STATUS,
    "health": HEALTH,
    "log": LOG,
    "choice": CHOICE,
    "not_found": NOT_FOUND,
    "how_to": HOW_TO,
    "help": HELP,
    "unsupported": UNSUPPORTED,
    "apology": APOLOGY,
    "mine": MINE,
    "runbook": RUNBOOK,
    "runbooks": RUNBOOKS,
    "on_call": ON_CALL,
    "nobody_on_call": NOBODY_ON_CALL,
}
