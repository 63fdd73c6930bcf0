"""Runs a shell script that builds models. Fails: the script ends with an error of its own."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

SCRIPT = """
echo '06:00:01  Running with dbt=1.9.2'
echo '06:00:03  1 of 2 OK created sql view model staging.stg_orders [OK in 0.4s]'
echo '06:00:04  2 of 2 ERROR creating sql table model marts.fct_orders [ERROR in 0.3s]'
echo '06:00:04  Completed with 1 error and 0 warnings:'
echo '06:00:04    Database Error in model fct_orders (models/marts/fct_orders.sql)'
echo '06:00:04    column "customer_key" does not exist'
echo '06:00:04  Done. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2'
exit 1
"""

with DAG(
    "nightly_dbt",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["team:analytics"],
    default_args={"owner": "analytics-team"},
):
    BashOperator(task_id="dbt_build", bash_command=SCRIPT)
