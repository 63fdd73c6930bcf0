"""A Dag file that cannot be imported."""

from airflow.sdk import DAG
from package_that_does_not_exist import reports

with DAG("reports", schedule=None):
    reports.publish()
