"""Starting and stopping, with a stand-in for Airflow's command; the real one is tried elsewhere."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.errors import BotError
from bot.playground.airflow_server import LocalAirflow

AIRFLOW = """#!/bin/sh
case "$1" in
  db) exit 0 ;;
  fail) echo "no such command" >&2; exit 2 ;;
  "$FAILING") echo "cannot go on"; exit 3 ;;
esac
sleep 600 &
wait
"""


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    command = tmp_path / "venv" / "bin" / "airflow"
    command.parent.mkdir(parents=True)
    command.write_text(AIRFLOW)
    command.chmod(0o755)
    return tmp_path / "venv"


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return min(probe.getsockname()[1], 65_000)


@pytest.fixture
def airflow(venv: Path, tmp_path: Path, port: int) -> Iterator[LocalAirflow]:
    made = LocalAirflow(venv, tmp_path / "home", tmp_path / "dags", port)
    yield made
    made.stop()


def processes_of(venv: Path) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(venv / "bin") in line]


def gone(venv: Path) -> bool:
    for _ in range(50):
        if not processes_of(venv):
            return True
        time.sleep(0.1)
    return False


def test_stopping_leaves_no_process_behind(airflow: LocalAirflow, venv: Path) -> None:
    airflow.start()
    assert len(processes_of(venv)) == 4
    airflow.stop()
    assert gone(venv)


def test_what_a_killed_starter_left_is_ended_by_the_next_start(
    airflow: LocalAirflow, venv: Path, tmp_path: Path, port: int
) -> None:
    places = [str(venv), str(tmp_path / "home"), str(tmp_path / "dags")]
    program = (
        "import sys, pathlib, os, signal\n"
        "from bot.playground.airflow_server import LocalAirflow\n"
        "LocalAirflow(*map(pathlib.Path, sys.argv[1:4]), int(sys.argv[4])).start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, *places, str(port)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(processes_of(venv)) == 4
    airflow.start()
    assert len(processes_of(venv)) == 4
    airflow.stop()
    assert gone(venv)


def test_a_taken_port_is_named(airflow: LocalAirflow, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + 2))
        other.listen()
        with pytest.raises(BotError, match=f"port {port + 2} is taken"):
            airflow.start()


def test_a_component_that_ends_is_named_with_its_last_words(
    airflow: LocalAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "FAILING", "scheduler")
    airflow.start()
    with pytest.raises(BotError, match=r"(?s)scheduler ended:.*cannot go on"):
        airflow.wait_healthy(10)


def test_a_failing_command_shows_what_it_said(airflow: LocalAirflow) -> None:
    with pytest.raises(BotError, match=r"(?s)airflow fail failed:.*no such command"):
        airflow.run("fail")


def test_settings_of_the_surroundings_do_not_leak_in(
    airflow: LocalAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    assert airflow._environment()["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
