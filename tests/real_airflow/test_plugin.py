"""The shipped plugin in a real Airflow 3, and the bot's own door for what it reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pytest

from bot.domain.targets import Target
from tests.real_airflow.conftest import Lab

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(400)]

Run = dict[str, str]


@pytest.fixture(scope="module")
def runs(lab: Lab) -> Mapping[str, Run]:
    """One run of each Dag, all over; of `patient` a person had enough."""
    patient = {"dag_id": "patient", "run_id": lab.trigger("patient", seconds=240)}
    dags = ("killed", "scores", "flaky")
    started = {dag_id: {"dag_id": dag_id, "run_id": lab.trigger(dag_id)} for dag_id in dags}
    states = {dag_id: lab.finished(**run) for dag_id, run in started.items()}
    assert states == {"killed": "failed", "scores": "failed", "flaky": "success"}
    for dag_id in ("killed", "scores"):
        lab.reports.wait_for_the_run(**started[dag_id])
    # Not while the scheduler is at work on the run: each would undo what the other did.
    assert lab.task_state(**patient, task_id="work") == "running"
    page = f"/dags/patient/dagRuns/{patient['run_id']}"
    assert lab.call("PATCH", page, {"state": "failed"})["state"] == "failed"
    return {**started, "patient": patient}


def test_a_failed_task_is_reported_once_and_then_its_run(lab: Lab, orders: Target) -> None:
    run = {"dag_id": "orders", "run_id": orders.run_id or ""}
    lab.reports.wait_for_the_run(**run)
    extract = {"task_id": "extract", "map_index": -1, "try_number": 1, "state": "failed"}
    assert lab.reports.of_run(**run) == [{**run, **extract}, {**run, "try_number": 1}]
    key = f"failure:lab:orders:{orders.run_id}"
    assert lab.reports.kept_of_run(**run) == {f"{key}:extract::1", f"{key}:::1"}


def test_a_mapped_task_instance_is_told_from_its_siblings(
    lab: Lab, runs: Mapping[str, Run]
) -> None:
    tasks = [report for report in lab.reports.of_run(**runs["scores"]) if "task_id" in report]
    assert [(task["task_id"], task["map_index"]) for task in tasks] == [("score", 2)]


def test_a_try_that_airflow_repeats_is_reported_as_such_and_not_kept(
    lab: Lab, runs: Mapping[str, Run]
) -> None:
    report, *others = lab.reports.of_run(**runs["flaky"])
    # Its end is told unless one of the Dag's was a short while ago, as after another test.
    assert [other["state"] for other in others] in ([], ["success"])
    assert (report["try_number"], report["state"]) == (1, "up_for_retry")
    assert lab.reports.kept_of_run(**runs["flaky"]) == set()


def test_a_task_that_is_killed_is_known_by_its_run_each_time_it_was_cleared(
    lab: Lab, runs: Mapping[str, Run]
) -> None:
    run = runs["killed"]
    lab.call("POST", f"/dags/killed/dagRuns/{run['run_id']}/clear", {"dry_run": False})
    lab.reports.wait_for_the_run(**run, times=2)
    # The scheduler may have reported the task as well, if it saw its end before anybody else.
    whole = [report for report in lab.reports.of_run(**run) if "task_id" not in report]
    assert whole == [{**run, "try_number": 1}, {**run, "try_number": 2}]
    key = f"failure:lab:killed:{run['run_id']}"
    assert lab.reports.kept_of_run(**run) >= {f"{key}:::1", f"{key}:::2"}


def test_the_first_run_that_is_well_again_is_reported_by_plugin_and_callback(lab: Lab) -> None:
    failed = {"dag_id": "called", "run_id": lab.trigger("called", fails=True)}
    assert lab.finished(**failed) == "failed"
    lab.reports.wait_for_the_run(**failed)
    key = f"failure:lab:called:{failed['run_id']}"
    by_callback = lab.reports.wait_for_calls(**failed, count=2)
    assert [one.get("task_id") for one in by_callback] == ["step", None]
    assert all(datetime.fromisoformat(one["run_after"]).tzinfo for one in by_callback)
    # What both tell of is one failure.
    assert lab.reports.kept_of_run(**failed) == {f"{key}:step::1", f"{key}:::1"}

    well = {"dag_id": "called", "run_id": lab.trigger("called", fails=False)}
    assert lab.finished(**well) == "success"
    (called,) = lab.reports.wait_for_calls(**well, count=1)
    assert called["state"] == "success"
    lab.reports.wait_for_the_run(**well)
    assert [one["state"] for one in lab.reports.of_run(**well)] == ["success"]


def test_what_a_person_marks_as_failed_is_not_reported(lab: Lab, runs: Mapping[str, Run]) -> None:
    assert lab.finished(**runs["patient"]) == "failed"
    assert lab.reports.of_run(**runs["patient"]) == []
