"""What was seen of a failure, and what could not be seen.

Values here are our own and tolerant: an unknown state or a missing field of another Airflow
version is kept as text or as None, never an error. Times are aware UTC datetimes. All text was
redacted as it entered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.logs import LogReading
from bot.domain.targets import Target


class GapReason(StrEnum):
    """Why a piece of evidence is missing."""

    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Gap:
    """Evidence that could not be had. `source` is what was asked for, e.g. "event log"."""

    source: str
    reason: GapReason
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class DagVersion:
    number: int | None
    created_at: datetime | None = None
    bundle_name: str | None = None
    bundle_version: str | None = None
    bundle_url: str | None = None


@dataclass(frozen=True, slots=True)
class TaskInstance:
    """One task instance as Airflow reports it; `map_index` is -1 where not mapped.

    Also used for single tries: a try is a task instance with its own `try_number`.
    `state` is Airflow's word ("failed", "up_for_retry", …) or None where not yet scheduled.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    state: str | None = None
    try_number: int = 0
    max_tries: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    duration: float | None = None  # seconds
    queued_at: datetime | None = None
    scheduled_at: datetime | None = None
    hostname: str | None = None
    pid: int | None = None
    pool: str | None = None
    pool_slots: int | None = None
    queue: str | None = None
    executor: str | None = None
    operator: str | None = None
    note: str | None = None
    rendered_map_index: str | None = None
    trigger_class: str | None = None
    triggerer_id: int | None = None  # None while deferred: no triggerer holds the trigger
    version: DagVersion | None = None
    run_after: datetime | None = None  # when its run was due


@dataclass(frozen=True, slots=True)
class DagRun:
    run_id: str
    dag_id: str
    state: str | None = None
    run_type: str | None = None
    logical_date: datetime | None = None
    run_after: datetime | None = None
    queued_at: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    duration: float | None = None
    triggered_by: str | None = None
    triggering_user: str | None = None
    conf: str = "{}"  # JSON, redacted
    note: str | None = None
    versions: tuple[DagVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class EventLogEntry:
    """One row of Airflow's event log.

    For state events (`running`, `failed`, …) `owner` is the Dag's owner, not an actor. The log
    records attempts: a refused request looks like one that was carried out.
    """

    id: int
    when: datetime | None
    event: str
    owner: str | None = None
    dag_id: str | None = None
    task_id: str | None = None
    run_id: str | None = None
    map_index: int | None = None
    try_number: int | None = None
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    name: str
    slots: int
    open_slots: int
    occupied: int = 0
    running: int = 0
    queued: int = 0
    scheduled: int = 0
    deferred: int = 0


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """`name` is metadatabase, scheduler, triggerer or dag_processor."""

    name: str
    status: str | None
    latest_heartbeat: datetime | None = None


@dataclass(frozen=True, slots=True)
class Job:
    id: int
    job_type: str
    state: str | None
    hostname: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    latest_heartbeat: datetime | None = None


@dataclass(frozen=True, slots=True)
class DagDetails:
    dag_id: str
    is_paused: bool | None = None
    is_stale: bool | None = None
    has_import_errors: bool | None = None
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    doc_md: str | None = None
    fileloc: str | None = None
    relative_fileloc: str | None = None
    timetable: str | None = None
    timezone: str | None = None
    max_active_runs: int | None = None
    max_active_tasks: int | None = None
    max_consecutive_failed_runs: int | None = None
    dag_run_timeout: float | None = None  # seconds
    last_parsed: datetime | None = None
    next_run_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskDetails:
    """The task as written in the Dag; durations in seconds."""

    task_id: str
    operator: str | None = None
    owner: str | None = None
    retries: int | None = None
    execution_timeout: float | None = None
    pool: str | None = None
    queue: str | None = None
    trigger_rule: str | None = None
    depends_on_past: bool | None = None
    is_mapped: bool | None = None
    downstream: tuple[str, ...] = ()
    doc_md: str | None = None


@dataclass(frozen=True, slots=True)
class ProducedAsset:
    """An asset, who writes it, and the Dags that are scheduled by it or read it."""

    name: str
    writers: tuple[tuple[str, str], ...] = ()  # Dag id and task id
    consumers: tuple[str, ...] = ()  # Dag ids


@dataclass(frozen=True, slots=True)
class WaitingSensor:
    """A sensor that waits now for another Dag: for `tasks` of it, or without any for its run.
    `run_after` is when the run of the sensor was due."""

    dag_id: str
    waits_for: str
    tasks: tuple[str, ...] = ()
    run_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class ImportProblem:
    filename: str
    stack_trace: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnmetDependency:
    """Why Airflow does not schedule a task instance, in Airflow's own words."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class DagWarning:
    kind: str
    message: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NamedText:
    """Other evidence by name: `import_error`, `scheduler_log`, `event_log`, `message`, …"""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything seen for one question. Absent means not there or not asked; see `gaps`."""

    target: Target
    airflow_version: str | None = None
    gathered_at: datetime | None = None
    task_instance: TaskInstance | None = None  # the one at fault
    tries: tuple[TaskInstance, ...] = ()  # oldest first
    log: LogReading | None = None  # of the deciding try
    other_logs: tuple[LogReading, ...] = ()  # further tries that were read
    dag_run: DagRun | None = None
    task_instances: tuple[TaskInstance, ...] = ()  # of this run; large mapped sets are capped
    recent_runs: tuple[DagRun, ...] = ()
    dag: DagDetails | None = None
    task: TaskDetails | None = None
    tasks: tuple[TaskDetails, ...] = ()
    versions: tuple[DagVersion, ...] = ()
    warnings: tuple[DagWarning, ...] = ()
    import_problems: tuple[ImportProblem, ...] = ()
    events: tuple[EventLogEntry, ...] = ()  # oldest first, run, Dag and cluster-wide merged
    pools: tuple[Pool, ...] = ()
    health: tuple[ComponentHealth, ...] = ()
    jobs: tuple[Job, ...] = ()
    unmet: tuple[UnmetDependency, ...] = ()
    history: tuple[TaskInstance, ...] = ()  # the same task over earlier runs, newest first
    last_green: TaskInstance | None = None
    elsewhere: tuple[TaskInstance, ...] = ()  # other failures in the same minutes
    child_runs: tuple[DagRun, ...] = ()  # runs that this task triggered
    links: tuple[NamedText, ...] = ()  # extra links of the operator
    extra: tuple[NamedText, ...] = ()
    dag_exists: bool | None = None
    executor: str | None = None
    gaps: tuple[Gap, ...] = field(default=())
    assets: tuple[ProducedAsset, ...] = ()
    sensors: tuple[WaitingSensor, ...] = ()
