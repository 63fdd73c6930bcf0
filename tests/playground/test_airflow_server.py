"""Starting and stopping, with a stand-in for Airflow's command; the real one is tried elsewhere."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.errors import BotError
from bot.playground.airflow_server import PORTS, LocalAirflow

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
    """The first of four free neighbours, below what systems give to outgoing connections."""
    for first in range(19_000, 20_000, PORTS):
        with contextlib.ExitStack() as held:
            try:
                for step in range(PORTS):
                    probe = held.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", first + step))
            except OSError:
                continue
            return first
    raise AssertionError("no four free ports")


@pytest.fixture
def airflow(venv: Path, tmp_path: Path, port: int) -> Iterator[LocalAirflow]:
    made = LocalAirflow(venv, tmp_path / "home", tmp_path / "dags", port)
    yield made
    made.stop()


def processes_of(venv: Path) -> list[str]:
    listed = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(venv / "bin") in line]


def gone(venv: Path) -> bool:
    for _ in range(300):
        if not processes_of(venv):
            return True
        time.sleep(0.1)
    return False


def test_stopping_leaves_no_process_behind(airflow: LocalAirflow, venv: Path) -> None:
    airflow.start()
    assert len(processes_of(venv)) == 4
    airflow.stop()
    assert gone(venv)


def test_a_stop_ends_the_wait_for_health(airflow: LocalAirflow) -> None:
    airflow.start()
    threading.Timer(0.5, airflow.stop).start()
    with pytest.raises(BotError, match="stopped while it started"):
        airflow.wait_healthy(60)


def test_nothing_is_started_after_a_stop(airflow: LocalAirflow, venv: Path) -> None:
    airflow.stop()
    with pytest.raises(BotError, match="stopped while it started"):
        airflow.start()
    assert processes_of(venv) == []


def test_a_database_whose_first_migration_was_cut_off_is_made_anew(
    airflow: LocalAirflow, tmp_path: Path
) -> None:
    half_made = tmp_path / "home" / "airflow.db"
    half_made.parent.mkdir()
    half_made.write_text("half")
    airflow.start()
    assert not half_made.exists()


def test_a_migrated_database_is_kept(
    airflow: LocalAirflow, venv: Path, tmp_path: Path, port: int
) -> None:
    airflow.start()
    airflow.stop()
    database = tmp_path / "home" / "airflow.db"
    database.write_text("whole")
    LocalAirflow(venv, tmp_path / "home", tmp_path / "dags", port)._migrate()
    assert database.read_text() == "whole"


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
