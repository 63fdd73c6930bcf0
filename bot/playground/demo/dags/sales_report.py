"""Renders the sales report. Fails: its template wants a setting that nobody passed."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "sales_report",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:sales"],
    default_args={"owner": "sales-team"},
):
    BashOperator(task_id="render_report", bash_command="echo region {{ dag_run.conf.region.name }}")
