"""Alerts of Airflow's notifiers and of common callbacks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.questions.alerts import Alert, read_alert

RUN = "scheduled__2026-11-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"Airflow alert: <TaskInstance: orders.load {RUN} [failed]>",
            Alert("orders", "load", RUN),
        ),
        (
            f"<TaskInstance: orders.etl.load {RUN} map_index=3 [failed]> failed",
            Alert("orders", "etl.load", RUN, 3),
        ),
        (
            f"DAG orders \u2013 Task load \u2013 Run ID {RUN} in State failed",
            Alert("orders", "load", RUN),
        ),
        (
            "<DagRun orders @ 2026-11-01 00:00:00+00:00: "
            f"{RUN}, state:failed, queued_at: None. externally triggered: False>",
            Alert("orders", run_id=RUN),
        ),
        (
            f":red_circle: Task failed.\n*Dag*: orders\n*Task*: `load`\n*Run ID*: {RUN}",
            Alert("orders", "load", RUN),
        ),
        ("dag_id=orders task_id=load try_number=2", Alert("orders", "load", None, None, 2)),
        ("DAG: orders\nTask: load\nMap Index: 4", Alert("orders", "load", None, 4)),
    ],
)
def test_an_alert_names_what_failed(text: str, expected: Alert) -> None:
    assert read_alert(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "good morning", "the task failed again", "Task: load", "<TaskInstance: x [failed]>"],
)
def test_text_that_names_no_dag_is_no_alert(text: str) -> None:
    assert read_alert(text) is None


@given(st.text(max_size=500))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    read_alert(text)
