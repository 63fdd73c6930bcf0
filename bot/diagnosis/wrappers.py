"""Errors that only say that something else failed: which child system, and where to look then."""

from __future__ import annotations

import re

from bot.domain.logs import RaisedException

_BY_MESSAGE = tuple(
    (kind, re.compile(pattern, re.I | re.S))
    for kind, pattern in (
        ("bash", r"^Bash command failed"),
        ("ssh", r"SSH operator error|^SSH command (?:timed out|failed)|error running cmd"),
        (
            "docker",
            r"^Docker container failed|^docker container .*fail|container .{0,80}exit(?:ed)?",
        ),
        ("kubernetes_pod", r"^Pod .{0,300}returned a failure|^Pod \S+ failed"),
        (
            "spark",
            r"Cannot execute: .{0,60}spark-submit|spark[- ]submit.{0,200}(?:fail|error code)",
        ),
        ("databricks", r"failed with terminal state|Job run failed with|databricks.{0,80}fail"),
        ("emr", r"EMR (?:job|step|serverless).{0,80}fail|Step .{0,60} (?:FAILED|CANCELLED)"),
        ("glue", r"Glue Job.{0,120}(?:fail|exit|stopped)|AWS Glue job failed"),
        ("batch", r"AWS Batch job.{0,200}fail|Batch job \S+ fail"),
        ("ecs", r"This task is not in success state|ECS task.{0,80}fail"),
        ("dataflow", r"Google Cloud Dataflow job .{0,80}(?:fail|cancelled)|DataFlow failed"),
        (
            "dataproc",
            r"(?:Dataproc )?Job failed:|Batch .{0,40} failed|Job .{0,80} was marked ERROR",
        ),
        ("beam", r"Apache Beam process failed"),
        ("dbt", r"dbt (?:command|run|job|test|build).{0,60}fail|^\('dbt"),
        ("dbt_cloud", r"Job run \d+ (?:has )?failed or has been cancelled"),
        ("airbyte", r"Airbyte.{0,60}fail|Job failed:\s*\n?.*airbyte|Sync .{0,60}failed"),
        (
            "trigger_dag_run",
            r"failed with failed state|(?:Dag ?Run|run).{0,200} failed with failed",
        ),
        ("external_dag", r"The external (?:DAG|task).{0,200}failed|Some of the external tasks"),
        ("livy", r"Batch \d+ did not succeed|Livy"),
        ("winrm", r"winrm operator error"),
        ("sagemaker", r"SageMaker .{0,80}(?:fail|Reason)"),
        ("script", r"returned (?:a )?non-zero exit (?:status|code)|^Script failed|exit code \d+"),
        ("virtualenv", r"Command .{0,400}returned non-zero exit status"),
    )
)
_BY_TYPE = {
    "CalledProcessError": "script",
    "DockerContainerFailedException": "docker",
    "AirflowExternalTaskFailedError": "external_dag",
    "ExternalDagFailedError": "external_dag",
    "ExternalTaskFailedError": "external_dag",
    "DbtCloudJobRunException": "dbt_cloud",
    "DagsterError": "dagster",
    "SparkSubmitError": "spark",
}
_WRAPPING_TYPES = frozenset(
    {"AirflowException", "AirflowFailException", "RuntimeError", "Exception"}
)


def wrapper_of(exception: RaisedException) -> str | None:
    """The kind of child system behind an exception that wraps its failure, or None."""
    by_type = _BY_TYPE.get(exception.short_type)
    if by_type:
        return by_type
    if exception.short_type not in _WRAPPING_TYPES and "Airflow" not in exception.short_type:
        return None
    for kind, pattern in _BY_MESSAGE:
        if pattern.search(exception.message[:1_000]):
            return kind
    return None
