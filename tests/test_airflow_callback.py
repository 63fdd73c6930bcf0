"""The callbacks for Dags, called as Airflow calls them, with a door that is not always well."""

from __future__ import annotations

import json
import logging
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from bot import airflow_callback
from tests.test_airflow_plugin import RUN, TOKEN, Door, assert_signed, door

__all__ = ["door"]

DUE = datetime(2026, 11, 22, tzinfo=UTC)
DAG_RUN = SimpleNamespace(run_id=RUN["run_id"], run_after=DUE, clear_number=1)
DAG = SimpleNamespace(dag_id=RUN["dag_id"])
TASK = SimpleNamespace(**RUN, task_id="load", map_index=-1, try_number=2)
OF_TASK = {"ti": TASK, "dag_run": DAG_RUN, "dag": DAG}
OF_RUN = {**OF_TASK, "run_id": RUN["run_id"], "reason": "task_failure"}


@pytest.fixture
def callback(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Without a pause between its attempts."""
    monkeypatch.setattr(airflow_callback, "PAUSES", (0.0, None))
    return airflow_callback


def report_of(door: Door) -> dict[str, Any]:
    ((path, headers, body),) = door.requests
    assert path == "/webhooks/failures"
    assert_signed(headers, json.dumps(body).encode())
    assert datetime.fromisoformat(body.pop("at")).tzinfo is not None
    report: dict[str, Any] = body
    return report


def test_a_failed_task_is_reported_under_the_same_names_as_by_the_plugin(
    door: Door, callback: ModuleType
) -> None:
    callback.report_failure(OF_TASK)
    task = {"task_id": "load", "map_index": -1, "try_number": 2}
    assert report_of(door) == {**RUN, **task, "run_after": DUE.isoformat()}


def test_a_failed_run_is_another_failure_after_it_was_cleared(
    door: Door, callback: ModuleType
) -> None:
    callback.report_failure(OF_RUN)
    assert report_of(door) == {**RUN, "try_number": 2, "run_after": DUE.isoformat()}


def test_a_run_of_which_airflow_says_little_is_reported_all_the_same(
    door: Door, callback: ModuleType
) -> None:
    callback.report_failure({"dag": DAG, "run_id": RUN["run_id"], "reason": "timed_out"})
    assert report_of(door) == {**RUN, "try_number": 1}


def test_of_successes_those_of_runs_are_reported(
    door: Door, callback: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_BOT_CLUSTER", "prod-eu")
    callback.report_success(OF_TASK)
    callback.report_success({**OF_RUN, "reason": "success"})
    report = report_of(door)
    assert (report["state"], report["cluster"]) == ("success", "prod-eu")


@pytest.mark.parametrize(
    ("answers", "times"), [([503], 2), ([503, 503, 202], 2), ([400], 1), ([307], 1)]
)
def test_what_may_pass_is_tried_twice(
    door: Door, callback: ModuleType, answers: list[int | None], times: int
) -> None:
    door.answers = answers
    callback.report_failure(OF_TASK)
    assert len(door.requests) == times


def test_a_bot_that_is_down_or_hangs_fails_no_task(
    door: Door,
    callback: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(callback, "TIMEOUT", 0.2)
    door.answers = [None, None]
    callback.report_failure(OF_TASK)
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SUPPORT_BOT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        callback.report_failure(OF_TASK)
    assert caplog.messages == [
        "The support bot was not told (TimeoutError).",
        "The support bot was not told (URLError).",
    ]


@pytest.mark.parametrize("context", [None, {}, {"ti": object()}, {"reason": "x"}, {"ti": None}])
def test_what_cannot_be_read_fails_nothing(
    door: Door, callback: ModuleType, context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    callback.report_failure(context)
    callback.report_success(context)
    assert door.requests == []
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


@pytest.mark.parametrize("token", [f"{TOKEN}\n{TOKEN}", f"{TOKEN}-ü€"])
def test_the_token_is_never_logged(
    door: Door,
    callback: ModuleType,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("SUPPORT_BOT_TOKEN", token)
    door.answers += [401]
    callback.report_failure(OF_TASK)
    assert "was not told" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("address", ["", "airflow-bot:8080", "file:///etc/hosts", "http://bot:x"])
def test_an_address_that_cannot_be_one_fails_nothing(
    callback: ModuleType,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("SUPPORT_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("SUPPORT_BOT_URL", address)
    callback.report_failure(OF_TASK)
    assert len(caplog.messages) == 1


def test_it_needs_nothing_but_python() -> None:
    source = Path(airflow_callback.__file__).read_text(encoding="utf-8")
    assert "import airflow" not in source
    assert "from airflow" not in source
