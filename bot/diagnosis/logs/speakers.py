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
_AIRFLOW_FILES = frozenset(
    """
    taskinstance.py task_command.py task_run.py standard_task_runner.py base_task_runner.py
    task_runner.py supervisor.py local_task_job.py local_task_job_runner.py scheduler_job.py
    scheduler_job_runner.py dagbag.py dag_processing.py manager.py processor.py jobs.py
    models.py base_job.py job.py cgroup_task_runner.py cli_action_loggers.py settings.py
    abstractoperator.py baseoperator.py templater.py process_utils.py helpers.py timeout.py
    xcom.py base_executor.py local_executor.py sequential_executor.py celery_executor.py
    kubernetes_executor.py kubernetes_executor_utils.py __init__.py cli.py dag.py dagrun.py
    serialized_dag.py plugins_manager.py file_task_handler.py execute_callable.py
    configuration.py db.py session.py crypto.py kubernetes_helper_functions.py
    task_instance.py callback_runner.py callback_supervisor.py dag_run.py logging.py bundle.py
    manager_job.py stats.py
    """.split()
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
        return Speaker.AIRFLOW if not name or name in _AIRFLOW_FILES else Speaker.TASK
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
    if name in _AIRFLOW_FILES:
        return Speaker.AIRFLOW
    if _RELAYS.search(name):
        return Speaker.CHILD
    return Speaker.TASK


def is_remark(text: str) -> bool:
    """Whether the log handler says where it looked or why it found nothing."""
    return _REMARK.match(text) is not None
