"""What a failing call was made to, from the frames and words of its exceptions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain.logs import ExceptionChain, Frame, RaisedException

_METADATA_TABLES = (
    r"(?:FROM|INTO|UPDATE|TABLE)\s+[\"`]?(?:dag|dag_run|task_instance|job|log|xcom|slot_pool|trigger"
    r"|serialized_dag|dag_code|import_error|dag_tag|connection|variable|sla_miss|callback_request"
    r"|dag_version|task_reschedule|rendered_task_instance_fields|ab_\w+|asset\w*|dataset\w*|session"
    r"|alembic_version|dag_pickle|dag_warning|task_fail)\b"
)
_BY_WORDS = (
    ("metadata_db", re.compile(_METADATA_TABLES, re.I)),
    ("metadata_db", re.compile(r"no such table: (?:dag|job|task_instance|slot_pool|log)\b", re.I)),
    ("log_server", re.compile(r"Could not read served logs|/log/dag_id=|:8793/", re.I)),
    ("docker_daemon", re.compile(r"fetching server API version|docker\.sock|docker daemon", re.I)),
    ("docker_daemon", re.compile(r"/v1\.\d+/(?:images|containers|auth|version)", re.I)),
    ("kubernetes_api", re.compile(r"/api/v1/namespaces|kube-?config|kubernetes\.default", re.I)),
    ("api_server", re.compile(r"/execution/(?:task-instances|variables|xcoms|connections)", re.I)),
)
_BY_FRAME = (
    ("kubernetes_api", ("/kubernetes/client/", "/kubernetes_asyncio/", "/kubernetes/config/")),
    ("docker_daemon", ("/docker/api/", "/docker/client", "/docker/transport/")),
    ("api_server", ("airflow/sdk/api/client", "airflow/sdk/execution_time/comms")),
    ("broker", ("/kombu/", "/celery/", "/amqp/")),
    ("object_store", ("/botocore/", "/s3transfer/", "/google/cloud/storage", "/azure/storage")),
    (
        "database",
        (
            "/psycopg2/",
            "/psycopg/",
            "/pymysql/",
            "/MySQLdb/",
            "/snowflake/connector",
            "/redshift_connector/",
            "/pyodbc",
            "/oracledb/",
            "/clickhouse_",
            "/pyhive/",
            "/trino/",
            "/databricks/sql",
            "/google/cloud/bigquery",
            "/pymongo/",
            "/sqlite3",
            "/sqlalchemy/",
        ),
    ),
    ("http", ("/requests/", "/urllib3/", "/httpx/", "/aiohttp/", "/http/client", "/httpcore/")),
)
_BROKER = re.compile(r"redis|amqp|rabbit|kombu|celery|sqs|:6379|:5672", re.I)
_AIRFLOW_OWN = re.compile(
    r"airflow/(?:jobs|models|executors|dag_processing|serialization|utils/(?:session|db)|cli/"
    r"|settings|configuration|www|api_fastapi|task/task_runner|dag_processor)"
)
_CALLS_THE_TASK = re.compile(r"^(?:_?execute_task|_?execute_callable|wrapper|execute)$")
_CALLER_FILES = re.compile(
    r"airflow/(?:models/(?:taskinstance|baseoperator|abstractoperator)|sdk/|task/task_runner)"
)
_NEVER_AIRFLOWS = re.compile(
    r"snowflake|redshift|\boracle|\bORA-\d|\bDPY-\d|clickhouse|trino|presto|pyhive|impala|databricks"
    r"|bigquery|mongo|vertica|teradata|pymssql|duckdb|exasol|hdbcli|ibm_db|athena",
    re.I,
)
_NOT_OF_THE_USER = re.compile(
    r"site-packages|dist-packages|/lib/python|^<|/airflow/[a-z_]+/.*\.py$"
)
_FOR_THE_TASK = re.compile(r"airflow/(?:providers|hooks|operators|sensors|contrib)/")
_DATABASE_TYPES = frozenset(
    {
        "OperationalError",
        "ProgrammingError",
        "InterfaceError",
        "InternalError",
        "DatabaseError",
        "StaleDataError",
        "PendingRollbackError",
        "DBAPIError",
        "IntegrityError",
    }
)


def against(chain: ExceptionChain, kind: str, stray: Sequence[Frame] = ()) -> str | None:
    """One word of the vocabulary's `against`, or None. `kind` is the log's kind.

    `stray` are frames whose exception was cut off: they belong to the surface of the same chain,
    and tell who called.
    """
    errors = chain.exceptions
    words = "\n".join(error.message[:2_000] for error in errors)
    for name, pattern in _BY_WORDS:
        if pattern.search(words):
            return name
    files = [frame.file.replace("\\", "/") for error in errors for frame in error.frames]
    user = any(frame.is_user for error in errors for frame in error.frames)
    user = user or any(not _NOT_OF_THE_USER.search(frame.file) for frame in stray)
    database = any(error.short_type in _DATABASE_TYPES for error in errors)
    if database and not user and _by_airflow_itself(errors, stray, kind):
        return "metadata_db"
    if kind != "task" and not user and not (database and kind == "component"):
        return "broker" if _BROKER.search(words) else "airflow_part"
    for name, marks in _BY_FRAME:
        if any(mark in file for mark in marks for file in files):
            return name
    return "database" if database else None


def _by_airflow_itself(
    errors: Sequence[RaisedException], stray: Sequence[Frame], kind: str
) -> bool:
    """Whether a database call was Airflow's own: by its frames, else by whose log it is.

    Every traceback of a task shows the frames by which Airflow called it: they prove nothing.
    Hooks call a driver; in a log without a task it is Airflow that goes through SQLAlchemy.
    """
    stacks = [*(error.frames for error in errors), tuple(stray)]
    files = [frame.file for frames in stacks for frame in frames]
    if any(_FOR_THE_TASK.search(file) for file in files):
        return False
    words = (f"{error.type} {error.message[:2_000]}" for error in errors)
    if _NEVER_AIRFLOWS.search("\n".join((*files, *words))):
        return False
    if any(map(_in_own_session, stacks)):
        return True
    if kind == "component":
        return any("/sqlalchemy/" in file for file in files)
    return kind != "task"


def _in_own_session(frames: Sequence[Frame]) -> bool:
    """A frame of Airflow's jobs, models or sessions below the one that called the task."""
    for frame in reversed(frames):
        if _CALLER_FILES.search(frame.file) and _CALLS_THE_TASK.search(frame.function):
            return False
        if _AIRFLOW_OWN.search(frame.file):
            return True
    return False
