"""A real Airflow on this machine, for the demo and the tests: installed, started, stopped."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from bot.domain.errors import BotError
from bot.playground.process_trees import Process, kill_trees, listed

REQUIREMENT = "apache-airflow==3.3.2"
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
USERS = {"admin": "admin", "bot": "viewer"}
PORTS = 4  # API, worker logs, trigger logs, scheduler health
# Writers wait this long for one another; with SQLite's 5 s a busy machine makes some of them fail.
_LOCK_SECONDS = 30
# Airflow's own ways to a host name fail where this machine's name is not in any DNS.
_HOST_NAME = 'def host_name() -> str:\n    return "127.0.0.1"\n'
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ensure_airflow(venv: Path, say: Callable[[str], None] = lambda _: None) -> None:
    """Creates `venv` with Airflow in it where it is not there yet; takes minutes the first time.

    Raises `BotError` with the end of pip's output where that fails.
    """
    if _version_in(venv):
        return
    say(f"installing {REQUIREMENT} into {venv} (a few minutes, once)")
    python = str(venv / "bin" / "python")
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", REQUIREMENT],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise BotError(f"{REQUIREMENT} could not be installed:\n{done.stderr[-2000:]}")


def _version_in(venv: Path) -> str:
    """Which Airflow is installed there, without starting it (that takes seconds); "" for none.

    It looks for what pip installs last, so an installation that was cut off does not count.
    """
    packages = venv.glob("lib/python*/site-packages/apache_airflow-*.dist-info")
    return next((package.name for package in packages), "")


class LocalAirflow:
    """One headless Airflow on SQLite: API server, scheduler, Dag processor and triggerer.

    Everything it writes is under `home`. Its API listens on loopback at `port`; the three ports
    above it are for its log servers (which Airflow opens to all interfaces, behind a secret made
    anew each time) and the scheduler's health. Users: admin and bot (a viewer), each with its
    name for a password unless `passwords` says otherwise.

    An object serves for one start and one stop. `launched` hears the pid of each process.
    """

    def __init__(
        self,
        venv: Path,
        home: Path,
        dags_folder: Path,
        port: int,
        *,
        passwords: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        launched: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._venv = venv
        self._home = home
        self._dags_folder = dags_folder
        self._port = port
        self._passwords = dict(passwords or {user: user for user in USERS})
        self._settings = dict(settings or {})
        self._launched = launched
        self._secret = secrets.token_hex(32)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started: list[Process] = []
        self._starting = threading.Lock()
        self._stopped = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def home(self) -> Path:
        """Holds `<component>.log`, the database and the task logs."""
        return self._home

    def start(self) -> None:
        """Migrates the database where it must and starts all components; does not wait for them.

        Raises `BotError` for a taken port or a failing migration, and when stopped meanwhile.
        """
        for port in range(self._port, self._port + PORTS):
            _must_be_free(port)
        importable = self._home / "config"  # Airflow puts it on its path
        importable.mkdir(parents=True, exist_ok=True)
        (self._home / "passwords.json").write_text(json.dumps(self._passwords))
        (importable / "loopback.py").write_text(_HOST_NAME)
        self._migrate()
        for component in COMPONENTS:
            self._launch(component)

    def wait_healthy(self, seconds: float = 180.0) -> None:
        """Returns once all four components report themselves healthy.

        Raises `BotError` with the end of a component's log where one ends or none gets there, and
        when stopped meanwhile.
        """
        deadline = time.monotonic() + seconds
        while not self._stopped.wait(0.25):
            for component, process in tuple(self._running.items()):
                if process.poll() is not None and not self._stopped.is_set():
                    raise BotError(f"Airflow's {component} ended:\n{self.log_tail(component)}")
            if self._is_healthy():
                return
            if time.monotonic() > deadline:
                tail = self.log_tail("api-server")
                raise BotError(f"Airflow was not healthy after {seconds:.0f} s:\n{tail}")
        raise BotError("Airflow was stopped while it started")

    def stop(self) -> None:
        """Kills every process of this Airflow, running tasks included. May be called twice.

        Asked kindly, the scheduler would wait for its tasks; SQLite and the logs bear the kill.
        """
        with self._starting:
            self._stopped.set()
        kill_trees(self._started)
        for process in self._running.values():
            process.wait()
        self._running.clear()

    def log_tail(self, component: str, characters: int = 2000) -> str:
        path = self._home / f"{component}.log"
        return path.read_text(errors="replace")[-characters:] if path.exists() else ""

    def run(self, *arguments: str) -> str:
        """Runs one `airflow` command against this home and returns what it prints."""
        process = self._spawn(arguments, subprocess.PIPE, subprocess.PIPE)
        said, complained = (text.decode(errors="replace") for text in process.communicate())
        if process.returncode:
            raise BotError(f"airflow {' '.join(arguments)} failed:\n{complained[-2000:]}")
        return said

    def _migrate(self) -> None:
        """A migration takes seconds, so it is skipped where this version has done it already."""
        version = _version_in(self._venv)
        done = self._home / "migrated"
        if version and done.exists() and done.read_text() == version:
            return
        if not done.exists():
            # Left by a first migration that was cut off, which cannot be taken up again.
            for leftover in self._home.glob("airflow.db*"):
                leftover.unlink()
        self.run("db", "migrate")
        done.write_text(version)

    def _launch(self, component: str) -> None:
        with (self._home / f"{component}.log").open("ab") as log:
            self._running[component] = self._spawn([component], log, subprocess.STDOUT)

    def _spawn(
        self, arguments: Sequence[str], out: int | BinaryIO, err: int
    ) -> subprocess.Popen[bytes]:
        """Starts an `airflow` command in a session of its own, unless stopped meanwhile."""
        with self._starting:
            if self._stopped.is_set():
                raise BotError("Airflow was stopped while it started")
            self._home.mkdir(parents=True, exist_ok=True)
            process = subprocess.Popen(  # noqa: S603
                [str(self._venv / "bin" / "airflow"), *arguments],
                env=self._environment(),
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            self._launched(process.pid)
            if alive := listed().get(process.pid):
                self._started.append(alive)
            return process

    def _is_healthy(self) -> bool:
        try:
            with _DIRECT.open(f"{self.url}/api/v2/monitor/health", timeout=5) as answer:
                parts = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return False
        return len(parts) >= len(COMPONENTS) and all(
            part.get("status") == "healthy" for part in parts.values() if part
        )

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            # A proxy would come between the components, which all talk over loopback.
            if not name.startswith("AIRFLOW") and not name.lower().endswith("_proxy")
        }
        own = {f"AIRFLOW__{name}": value for name, value in self._configuration().items()}
        path = f"{self._venv / 'bin'}{os.pathsep}{inherited.get('PATH', '')}"
        return {
            **inherited,
            **own,
            "AIRFLOW_HOME": str(self._home),
            "PATH": path,
            "PYTHONUNBUFFERED": "1",
            # On macOS the executor's forked workers crash without these two.
            "NO_PROXY": "*",
            "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
        }

    def _configuration(self) -> dict[str, str]:
        """Keys as `SECTION__KEY`. Ports and secrets keep two of these apart on one machine."""
        port, home = self._port, self._home
        return {
            "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout={_LOCK_SECONDS}",
            "CORE__DAGS_FOLDER": str(self._dags_folder),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "4",  # that many worker processes are forked at the start
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "CORE__HOSTNAME_CALLABLE": "loopback.host_name",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{u}:{r}" for u, r in USERS.items()),
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": f"{home}/passwords.json",
            "API__HOST": "127.0.0.1",
            "API__PORT": str(port),
            "API__BASE_URL": self.url,
            "API__WORKERS": "1",
            "API__SECRET_KEY": self._secret,
            "API_AUTH__JWT_SECRET": self._secret,
            "LOGGING__WORKER_LOG_SERVER_PORT": str(port + 1),
            "LOGGING__TRIGGER_LOG_SERVER_PORT": str(port + 2),
            "LOGGING__COLORED_CONSOLE_LOG": "False",
            "SCHEDULER__ENABLE_HEALTH_CHECK": "True",
            "SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(port + 3),
            "SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": "127.0.0.1",
            # Airflow's defaults are minutes; a demonstration cannot wait that long.
            "SCHEDULER__TASK_QUEUED_TIMEOUT": "40",
            "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
            "SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "1",
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
            "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
            "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "2",
            "DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": f"{home}/bundles",
            "USAGE_DATA_COLLECTION__ENABLED": "False",
            **self._settings,
        }


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BotError(f"port {port} is taken; stop what uses it or choose another") from error
