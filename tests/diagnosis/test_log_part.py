"""Whose log it is, from what it says and who says it."""

from __future__ import annotations

import pytest

from bot.diagnosis.log_part import kind_of
from bot.domain.logs import LogLine

FILLING = "Filling up the DagBag from /opt/airflow/dags/orders.py"


@pytest.mark.parametrize(
    "logger", ["task", "task.stdout", "airflow.task", "airflow.task.operators"]
)
def test_what_a_task_logs_is_a_tasks_log_though_the_dag_was_parsed_first(logger: str) -> None:
    lines = (LogLine(1, FILLING), LogLine(2, "row 41 has no country", logger=logger))
    assert kind_of(lines) == "task"


@pytest.mark.parametrize("logger", [None, "taskflow", "airflow.tasks", "airflow.models.dagbag"])
def test_parsing_alone_is_the_dag_processors(logger: str | None) -> None:
    assert kind_of((LogLine(1, FILLING, logger=logger),)) == "dag_processor"
