"""The plugin for Airflow, loaded as Airflow loads it, against a door that is not always well."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from starlette.datastructures import Headers

import bot
from bot.web.report_signatures import is_right, is_signed_lately

PLUGIN = Path(bot.__file__).parent / "airflow_plugin.py"
TOKEN = "kestrel-over-the-quarry-42"
RUN = {"dag_id": "orders", "run_id": "manual__2026-11-22T10:00:00+00:00"}


@dataclass
class Door:
    """Answers as it is told to, then with 202; hangs until `opened` where it is told None."""

    answers: list[int | None] = field(default_factory=list)
    says: str = "{}"
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    @property
    def reports(self) -> list[dict[str, Any]]:
        """Of all requests, without the moment of each."""
        return [
            {name: value for name, value in report.items() if name != "at"}
            for _, _, body in self.requests
            for report in body
        ]

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> int:
        self.requests.append((path, headers, json.loads(body)))
        self.came.set()
        status = self.answers.pop(0) if self.answers else 202
        if status is None:
            self.opened.wait(60)
        return status or 202


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    made = Door()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = made.answer(self.path, dict(self.headers), body)
            self.send_response(status)
            if status in (301, 302, 307, 308):
                self.send_header("Location", f"{made.url}/elsewhere")
            self.end_headers()
            self.wfile.write(made.says.encode())

        def log_message(self, *_: Any) -> None:
            """Nothing to standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("SUPPORT_BOT_URL", f"{made.url}/")
    monkeypatch.setenv("SUPPORT_BOT_TOKEN", TOKEN)
    yield made
    made.opened.set()
    server.shutdown()
    server.server_close()
    serving.join()


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The plugin's module, with Airflow's two names for it and no long pauses."""
    stubs = {
        "airflow": ModuleType("airflow"),
        "airflow.listeners": SimpleNamespace(hookimpl=lambda hook: hook),
        "airflow.plugins_manager": SimpleNamespace(AirflowPlugin=object),
    }
    for name, stub in stubs.items():
        monkeypatch.setitem(sys.modules, name, stub)
    spec = importlib.util.spec_from_file_location("support_bot", PLUGIN)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(module, "GOODBYE", 30.0)
    return module


@pytest.fixture
def listener(plugin: ModuleType) -> Any:
    """What Airflow calls."""
    (made,) = plugin.SupportBotPlugin.listeners
    return made


def failed_task(**fields: Any) -> Any:
    state = SimpleNamespace(value="failed")
    told = {**RUN, "task_id": "load", "map_index": -1, "try_number": 1, "state": state}
    return SimpleNamespace(**{**told, **fields})


def assert_signed(headers: dict[str, str], body: bytes) -> None:
    """As the bot's own door sees it."""
    assert is_signed_lately(Headers(headers), datetime.now(UTC))
    assert is_right(Headers(headers), body, TOKEN)
    assert TOKEN not in str(headers)


def fail(listener: Any, **fields: Any) -> None:
    listener.on_task_instance_failed(failed_task(**fields), ValueError("no rate"))


def test_a_failed_task_is_reported(door: Door, listener: Any) -> None:
    fail(listener, map_index=3, try_number=2)
    listener.before_stopping()
    ((path, headers, body),) = door.requests
    assert path == "/webhooks/failures"
    assert_signed(headers, json.dumps(body).encode())
    assert headers["Content-Type"] == "application/json"
    place = {"task_id": "load", "map_index": 3, "try_number": 2}
    assert door.reports == [{**RUN, **place, "state": "failed"}]
    (report,) = body
    assert datetime.fromisoformat(report["at"]).tzinfo is not None


def test_a_failed_run_is_another_failure_after_it_was_cleared(door: Door, listener: Any) -> None:
    for times in (0, 1):
        run = SimpleNamespace(**RUN, clear_number=times)
        listener.on_dag_run_failed(run, "task_failure")
        listener.before_stopping()
    assert door.reports == [{**RUN, "try_number": 1}, {**RUN, "try_number": 2}]


def succeed(listener: Any, dag_id: str = "orders", run_id: str = "run_2") -> None:
    due = datetime(2026, 11, 22, tzinfo=UTC)
    run = SimpleNamespace(dag_id=dag_id, run_id=run_id, run_after=due)
    listener.on_dag_run_success(run, "success")


def test_the_first_success_after_a_failure_is_reported(door: Door, listener: Any) -> None:
    for number in range(3):
        succeed(listener, run_id=f"before_{number}")
    listener.on_dag_run_failed(SimpleNamespace(**RUN, clear_number=0), "task_failure")
    for number in range(3):
        succeed(listener, run_id=f"after_{number}")
    succeed(listener, dag_id="other")
    listener.before_stopping()
    told = [(one["dag_id"], one["run_id"]) for one in door.reports if one.get("state")]
    assert sorted(told) == [("orders", "after_0"), ("orders", "before_0"), ("other", "run_2")]
    assert door.reports[-1]["run_after"] == "2026-11-22T00:00:00+00:00"


def test_a_success_is_told_again_once_another_scheduler_may_have_seen_a_failure(
    door: Door, listener: Any, plugin: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "WELL_AGAIN", 0.0)
    for number in range(2):
        succeed(listener, run_id=f"run_{number}")
    listener.before_stopping()
    assert len(door.reports) == 2


def test_only_so_many_dags_are_remembered(
    door: Door, listener: Any, plugin: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "DAGS_MAX", 2)
    for dag_id in ("a", "b", "c", "a"):
        succeed(listener, dag_id=dag_id)
    listener.before_stopping()
    assert [one["dag_id"] for one in door.reports] == ["a", "b", "c", "a"]


def test_a_bot_that_knows_no_successes_is_told_of_the_failures_all_the_same(
    door: Door, listener: Any
) -> None:
    door.answers = [None]
    fail(listener, task_id="first")
    assert door.came.wait(30)
    succeed(listener)
    fail(listener, task_id="second")
    door.answers = [202, 400]
    door.opened.set()
    listener.before_stopping()
    sent = [[report.get("task_id", "") for report in body] for _, _, body in door.requests]
    assert sent == [["first"], ["second"], [""]]


def test_the_task_says_when_its_run_was_due(door: Door, listener: Any) -> None:
    run = SimpleNamespace(run_after=datetime(2026, 11, 22, tzinfo=UTC))
    fail(listener, _ti_context_from_server=SimpleNamespace(dag_run=run))
    listener.before_stopping()
    assert door.reports[0]["run_after"] == "2026-11-22T00:00:00+00:00"


def test_a_try_that_airflow_repeats_is_reported_as_such(door: Door, listener: Any) -> None:
    fail(listener, state="up_for_retry")
    listener.before_stopping()
    assert [report["state"] for report in door.reports] == ["up_for_retry"]


@pytest.mark.parametrize(("number", "state"), [(2, "up_for_retry"), (3, "failed")])
def test_a_task_without_a_state_is_judged_by_its_tries(
    door: Door, listener: Any, number: int, state: str
) -> None:
    fail(listener, state=None, try_number=number, max_tries=2)
    listener.before_stopping()
    assert [report["state"] for report in door.reports] == [state]


def test_the_cluster_is_named_where_it_is_set(
    door: Door, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_BOT_CLUSTER", "prod-eu")
    fail(listener)
    listener.before_stopping()
    assert [report["cluster"] for report in door.reports] == ["prod-eu"]


def test_what_a_person_marks_as_failed_is_not_reported(door: Door, listener: Any) -> None:
    listener.on_task_instance_failed(
        failed_task(), "TaskInstance's state was manually set to `failed`."
    )
    run = SimpleNamespace(**RUN, clear_number=0)
    for words in ("Dag Run's state was manually set to `failed`.", ""):
        listener.on_dag_run_failed(run, words)
    listener.before_stopping()
    assert door.requests == []


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_was_not_kept_is_sent_again(door: Door, listener: Any, status: int) -> None:
    door.answers = [status, status]
    fail(listener)
    listener.before_stopping()
    assert len(door.requests) == 3
    assert len({json.dumps(body) for _, _, body in door.requests}) == 1


def test_airflow_goes_on_while_the_door_hangs_and_what_waits_goes_at_once(
    door: Door, listener: Any
) -> None:
    door.answers = [None]
    fail(listener, task_id="first")
    assert door.came.wait(30)
    for number in range(3):
        fail(listener, task_id=f"later_{number}")
    assert len(door.requests) == 1  # the door still hangs, and nobody here waited for it
    door.opened.set()
    listener.before_stopping()
    sent = [[report["task_id"] for report in body] for _, _, body in door.requests]
    assert sent == [["first"], ["later_0", "later_1", "later_2"]]


def test_an_answer_that_does_not_come_in_time_is_asked_for_again(
    door: Door, listener: Any, plugin: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "TIMEOUT", 0.2)
    door.answers = [None]
    fail(listener)
    listener.before_stopping()
    assert len(door.requests) == 2


def test_a_process_that_ends_waits_for_a_hanging_door_a_while_only(
    door: Door,
    listener: Any,
    plugin: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(plugin, "GOODBYE", 0.05)
    door.answers = [None]
    fail(listener)
    listener.before_stopping()
    assert not door.opened.is_set()
    assert "before this process ended" in caplog.text


def test_a_bot_that_is_down_is_tried_a_few_times_then_logged(
    listener: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SUPPORT_BOT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("SUPPORT_BOT_TOKEN", TOKEN)
        fail(listener)
        listener.before_stopping()
    (said,) = caplog.messages
    assert said == "The support bot was not told of 1 failure(s): ConnectionRefusedError"


def test_what_the_bot_refuses_is_logged_with_its_reason_and_not_repeated(
    door: Door, listener: Any, caplog: pytest.LogCaptureFixture
) -> None:
    door.answers, door.says = [400], '{"errors": ["cluster is missing. Send one of prod, test."]}'
    fail(listener)
    listener.before_stopping()
    assert len(door.requests) == 1
    assert "400" in caplog.text
    assert "Send one of prod, test." in caplog.text


@pytest.mark.parametrize("status", [301, 302, 307])
def test_the_token_does_not_follow_to_another_address(
    door: Door, listener: Any, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    door.answers = [status]
    fail(listener)
    listener.before_stopping()
    assert [path for path, _, _ in door.requests] == ["/webhooks/failures"]
    assert str(status) in caplog.text


@pytest.mark.parametrize("token", [TOKEN, f"{TOKEN}\n{TOKEN}", f"{TOKEN}-ü€"])
def test_the_token_is_never_logged(
    door: Door,
    listener: Any,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("SUPPORT_BOT_TOKEN", token)
    door.answers, door.says = [401], f"not {token}"
    fail(listener)
    listener.before_stopping()
    assert "was not told" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SUPPORT_BOT_URL", ""),
        ("SUPPORT_BOT_URL", "airflow-bot:8080"),
        ("SUPPORT_BOT_URL", "file:///etc/hosts"),
        ("SUPPORT_BOT_TOKEN", ""),
    ],
)
def test_without_its_variables_it_says_which_it_needs(
    door: Door,
    listener: Any,
    variable: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(variable, value)
    fail(listener)
    listener.before_stopping()
    assert door.requests == []
    assert "Set SUPPORT_BOT_URL (http://…) and SUPPORT_BOT_TOKEN" in caplog.text


@pytest.mark.parametrize("address", ["http://bot:port", "http://[", "http://a b"])
def test_an_address_that_cannot_be_one_fails_nothing(
    door: Door,
    listener: Any,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("SUPPORT_BOT_URL", address)
    fail(listener)
    listener.before_stopping()
    assert "was not told" in caplog.text
    assert door.requests == []


def test_what_cannot_be_read_fails_nothing(
    door: Door, listener: Any, caplog: pytest.LogCaptureFixture
) -> None:
    listener.on_task_instance_failed(object(), None)
    listener.on_dag_run_failed(object(), "task_failure")
    fail(listener, map_index=object())
    listener.before_stopping()
    assert door.requests == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3


def test_only_so_many_wait(
    door: Door,
    listener: Any,
    plugin: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(plugin, "WAITING_MAX", 5)
    monkeypatch.setattr(plugin, "AT_ONCE", 2)
    door.answers = [None]
    fail(listener, task_id="first")
    assert door.came.wait(30)
    for number in range(7):
        fail(listener, task_id=f"later_{number}")
    door.opened.set()
    listener.before_stopping()
    assert [len(body) for _, _, body in door.requests] == [1, 2, 2, 1]
    assert caplog.text.count("Too many failures wait") == 2


def test_a_forked_process_reports_by_itself_while_its_parent_is_stuck(
    door: Door, tmp_path: Path
) -> None:
    """As where the scheduler, with a report on its way, forks the process of a task."""
    (tmp_path / "airflow" / "listeners").mkdir(parents=True)
    (tmp_path / "airflow" / "__init__.py").touch()
    (tmp_path / "airflow" / "listeners" / "__init__.py").write_text("def hookimpl(f): return f\n")
    (tmp_path / "airflow" / "plugins_manager.py").write_text("class AirflowPlugin: ...\n")
    (tmp_path / "support_bot.py").write_text(PLUGIN.read_text())
    program = """
import os, types
import support_bot
(listener,) = support_bot.SupportBotPlugin.listeners
def fail(task_id):
    task = types.SimpleNamespace(
        dag_id="d", run_id="r", task_id=task_id, map_index=-1, try_number=1, state="failed"
    )
    listener.on_task_instance_failed(task, None)
fail("of_parent")
listener._sender._lock.acquire()  # at the worst moment
child = os.fork()
if child == 0:
    fail("of_child")
    listener.before_stopping()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
listener._sender._lock.release()
listener.before_stopping()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(report["task_id"] for report in door.reports) == ["of_child", "of_parent"]


def test_it_runs_where_nothing_but_airflow_is_installed() -> None:
    names = {
        line.split()[1].partition(".")[0]
        for line in PLUGIN.read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert names - {"airflow"} <= set(sys.stdlib_module_names)
