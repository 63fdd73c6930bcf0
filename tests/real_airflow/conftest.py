"""A real Airflow for the tests of this folder: one for all of them, ended with the session."""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bot.adapters.airflow.cluster import AirflowCluster
from bot.adapters.airflow.config import ClusterConfig
from bot.diagnosis.logs import LogReader
from bot.diagnosis.redaction import Redactor
from bot.domain.targets import Target
from bot.playground.airflow_server import PORTS, LocalAirflow, ensure_airflow
from bot.shipped import airflow_callback, airflow_plugin
from tests.ports import free_ports
from tests.real_airflow.door import TOKEN, Reports, open_door

ROOT = Path(__file__).parents[2]
DAGS = Path(__file__).parent / "dags"
TOKEN_SECONDS = 10
TOKEN_LEEWAY = 2
"""Seconds that a token is taken after its end."""


@dataclass
class Lab:
    """The running Airflow, and an administrator's hands on it."""

    airflow: LocalAirflow
    reports: Reports

    @property
    def url(self) -> str:
        return self.airflow.url

    def trigger(self, dag_id: str, **conf: object) -> str:
        """Starts a run and returns its id."""
        body = {"logical_date": None, "conf": conf}
        run_id: str = self.call("POST", f"/dags/{dag_id}/dagRuns", body)["dag_run_id"]
        return run_id

    def finished(self, dag_id: str, run_id: str, seconds: float = 90.0) -> str:
        """The run's state, once it is over."""
        return self.until(dag_id, run_id, {"success", "failed"}, seconds)

    def until(self, dag_id: str, run_id: str, states: set[str], seconds: float = 90.0) -> str:
        deadline = time.monotonic() + seconds
        state = ""
        while time.monotonic() < deadline:
            state = self.call("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")["state"]
            if state in states:
                return state
            time.sleep(0.5)
        raise AssertionError(f"{dag_id} is {state} after {seconds} s")

    def task_state(self, dag_id: str, run_id: str, task_id: str) -> str | None:
        place = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}"
        state: str | None = self.call("GET", place)["state"]
        return state

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call as admin; a fresh token for each, since they expire quickly here."""
        login = {"username": "admin", "password": "admin"}
        token = self._send("POST", "/auth/token", login, "")["access_token"]
        return self._send(method, f"/api/v2{path}", body, token)

    def _send(self, method: str, path: str, body: object, token: str) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Airflow on SQLite that reports its failures; from `AIRFLOW_VENV`, or installed once into
    `.cache/airflow-venv`."""
    venv = Path(os.environ.get("AIRFLOW_VENV") or ROOT / ".cache" / "airflow-venv")
    ensure_airflow(venv)
    home = tmp_path_factory.mktemp("airflow")
    dags = home / "dags"
    shutil.copytree(DAGS, dags)
    (dags / "support_bot_callback.py").write_text(airflow_callback())
    plugins = home / "home" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "support_bot.py").write_text(airflow_plugin())
    airflow = LocalAirflow(
        venv,
        home / "home",
        dags,
        free_ports(PORTS),
        settings={
            "API_AUTH__JWT_EXPIRATION_TIME": str(TOKEN_SECONDS),
            "API_AUTH__JWT_LEEWAY": str(TOKEN_LEEWAY),
        },
    )
    with open_door(home, airflow.url) as reports, pytest.MonkeyPatch.context() as environment:
        environment.setenv("SUPPORT_BOT_URL", reports.url)
        environment.setenv("SUPPORT_BOT_TOKEN", TOKEN)
        try:
            airflow.start()
            airflow.wait_healthy(300)
            made = Lab(airflow, reports)
            _wait_for_dags(made)
            yield made
        finally:
            airflow.stop()


@pytest.fixture(scope="session")
def orders(lab: Lab) -> Target:
    """A run whose first task failed."""
    run_id = lab.trigger("orders")
    assert lab.finished("orders", run_id) == "failed"
    return Target("lab", "orders", run_id)


@pytest.fixture(scope="session")
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def cluster(lab: Lab, redactor: Redactor) -> Iterator[AirflowCluster]:
    config = ClusterConfig("lab", lab.url, "bot", "bot")
    made = AirflowCluster(
        config,
        make_log_reader=lambda number, known=None: LogReader(
            number, redactor=redactor, known=known
        ),
        redact=redactor.redact,
    )
    yield made
    made.close()


def _wait_for_dags(lab: Lab) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if lab.call("GET", "/dags")["total_entries"] >= 8:
            return
        time.sleep(0.5)
    raise AssertionError(f"no Dags: {lab.airflow.log_tail('dag-processor')}")
