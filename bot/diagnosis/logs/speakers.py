"""Who wrote a line: Airflow, the task's code, a child system, or the log handler itself.

What user code prints can imitate Airflow's words, so only the place where a record was made
counts, never its text.
"""

from __future__ import annotations

import re

from bot.domain.logs import Speaker

_STREAMS = {"task.stdout": Speaker.STDOUT, "task.stderr": Speaker.STDERR}

# Operators and hooks that pass on the output of what they started.
_RELAYS = re.compile(
    r"subprocess|spark|pod_manager|pod_launcher|kubernetes_pod|docker|\bbash|\bssh|\becs|\bbatch"
    r"|glue|\bemr|databricks|dataproc|dataflow|livy|cosmos|\bdbt|container|beam|sagemaker"
    r"|\bwinrm|papermill|meltano|singer",
    re.IGNORECASE,
)
_PRINTED = "logging_mixin.py"
_RUNNER = "process_utils.py"
_OF_RUNNER = re.compile(
    r"Executing cmd: |Output:|Sending (?:SIG|the signal)|Process (?:psutil|\S+ \(\d+\)|Group)"
    r"|Terminating descendant|Did not find any|The process|Could not (?:kill|terminate)|Using "
)
_AIRFLOW_FILE = re.compile(
    r"(?:"
    r"taskinstance|task_command|task_run|standard_task_runner|base_task_runner|task_runner|"
    r"supervisor|local_task_job|local_task_job_runner|scheduler_job|scheduler_job_runner|"
    r"dagbag|dag_processing|manager|processor|jobs|models|base_job|job|cgroup_task_runner|"
    r"cli_action_loggers|settings|abstractoperator|baseoperator|templater|process_utils|"
    r"helpers|timeout|xcom|base_executor|local_executor|sequential_executor|celery_executor|"
    r"kubernetes_executor|kubernetes_executor_utils|__init__|cli|dag|dagrun|serialized_dag|"
    r"plugins_manager|file_task_handler|execute_callable|configuration|db|session|crypto|"
    r"kubernetes_helper_functions|task_instance|callback_runner|callback_supervisor|dag_run|"
    r"logging|bundle|manager_job|stats"
    r")\.py"
)
_PROCESSOR_FILE = re.compile(
    r"(?:processor|manager|dag_processing|scheduler_job|scheduler_job_runner|dagbag)\.py"
)
_TRIGGERER_FILES = frozenset(("triggerer_job.py", "triggerer_job_runner.py", "triggers.py"))
_REMARK = re.compile(
    r"\*\*\* |::group::Log message source details|Could not read (?:served|remote) logs"
    r"|Log file not found on worker|Log file does not exist|No logs found|Failed to fetch log"
    r"|Found (?:local|remote) (?:files|logs)|Reading (?:local|remote) log|Fetching from:"
    r"|Trigger log |Log (?:link|for this)"
)


def of_logger(logger: str | None, filename: str | None) -> Speaker:
    """The speaker of a structured record."""
    if logger in _STREAMS:
        return _STREAMS[logger]
    name = (filename or "").rsplit("/", 1)[-1]
    if name in _TRIGGERER_FILES or (logger or "").startswith("airflow.jobs.triggerer"):
        return Speaker.TRIGGERER
    if logger == "task":
        # User code may take a logger of this name; its records then say another file.
        return Speaker.AIRFLOW if not name or _AIRFLOW_FILE.fullmatch(name) else Speaker.TASK
    if logger is None:
        return Speaker.TASK
    if _RELAYS.search(logger.rsplit(".", 1)[-1]) or _RELAYS.search(name):
        return Speaker.CHILD
    if logger.startswith("airflow.") and not logger.startswith(("airflow.task.", "airflow.prov")):
        return Speaker.AIRFLOW
    return Speaker.TASK


def of_source(source: str) -> Speaker:
    """The speaker of a plain record, from `file.py:123`."""
    name = source.rsplit(":", 1)[0].rsplit("/", 1)[-1]
    if name == _PRINTED:
        return Speaker.STDOUT
    if name in _TRIGGERER_FILES:
        return Speaker.TRIGGERER
    if _AIRFLOW_FILE.fullmatch(name):
        return Speaker.AIRFLOW
    if _RELAYS.search(name):
        return Speaker.CHILD
    return Speaker.TASK


def of_relayed(source: str | None, text: str, speaker: Speaker) -> Speaker:
    """The speaker, where Airflow passes on a program's output from a place where it also speaks
    for itself: a virtualenv's `pip` and the script in it."""
    if speaker is not Speaker.AIRFLOW or not (source or "").startswith(_RUNNER):
        return speaker
    return speaker if _OF_RUNNER.match(text) else Speaker.CHILD


def is_processor(source: str) -> bool:
    """Whether a log with such a record is the scheduler's or the Dag processor's.

    They pass their own children's records on the way that a task's prints are passed on.
    """
    return _PROCESSOR_FILE.fullmatch(source.rsplit(":", 1)[0].rsplit("/", 1)[-1]) is not None


def is_remark(text: str) -> bool:
    """Whether the log handler says where it looked or why it found nothing."""
    return _REMARK.match(text) is not None
