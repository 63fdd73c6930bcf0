"""One folder for all demos of these tests, so that the later ones are restarts."""

from __future__ import annotations

import io
import os
import socket
from pathlib import Path

import pytest
from rich.console import Console

from bot.playground.airflow_server import PORTS
from bot.playground.demo.narration import Narrator
from bot.playground.demo.run import DemoPlan
from bot.slack.manifest import app_manifest
from tests.ports import free_ports

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> DemoPlan:
    """On free ports, with the Airflow of `AIRFLOW_VENV` or the one that `make` installs."""
    first = free_ports(PORTS + 2)
    return DemoPlan(
        folder=tmp_path_factory.mktemp("demo"),
        airflow_venv=Path(os.environ.get("AIRFLOW_VENV") or ROOT / ".cache" / "airflow-venv"),
        manifest=app_manifest(),
        airflow_port=first,
        page_port=first + PORTS,
        bot_port=first + PORTS + 1,
    )


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def narrator(said: io.StringIO) -> Narrator:
    return Narrator(Console(file=said, width=100))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
