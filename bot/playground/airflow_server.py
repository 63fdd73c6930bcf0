"""A real Airflow on this machine, for the demo and the tests: installed, started, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from bot.domain.errors import BotError

REQUIREMENT = "apache-airflow==3.3.2"
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
USERS = {"admin": "admin", "bot": "viewer"}
STOP_SECONDS = 8.0  # from asking to killing


def ensure_airflow(venv: Path, say: Callable[[str], None] = lambda _: None) -> None:
    """Creates `venv` with Airflow in it where it is not there yet; takes minutes the first time.

    Raises `BotError` with the end of pip's output where that fails.
    """
    if (venv / "bin" / "airflow").exists():
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


class LocalAirflow:
    """One headless Airflow on SQLite: API server, scheduler, Dag processor and triggerer.

    Everything it writes is under `home`. It listens on loopback at `port` and the three ports
    above it. Users: admin and bot (a viewer), each with its name for a
    password unless `passwords` says otherwise. Each component leads a
    process group of its own, so that stopping one also ends the workers it forked.
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
    ) -> None:
        self._venv = venv
        self._home = home
        self._dags_folder = dags_folder
        self._port = port
        self._passwords = dict(passwords or {user: user for user in USERS})
        self._settings = dict(settings or {})
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def home(self) -> Path:
        """Holds `<component>.log`, the database and the task logs."""
        return self._home

    def start(self) -> None:
        """Migrates the database and starts all components; does not wait for them.

        What an earlier start left running in this `home` is ended first. Raises `BotError` for a
        taken port or a failing migration.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        self._end_leftovers()
        for port in range(self._port, self._port + 4):
            _must_be_free(port)
        (self._home / "passwords.json").write_text(json.dumps(self._passwords))
        self._migrate()
        for component in COMPONENTS:
            self._launch(component)
        self._pid_file.write_text(json.dumps([p.pid for p in self._running.values()]))

    def wait_healthy(self, seconds: float = 180.0) -> None:
        """Returns once all four components report themselves healthy.

        Raises `BotError` with the end of a component's log where one ends or none gets there.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for component, process in self._running.items():
                if process.poll() is not None:
                    raise BotError(f"Airflow's {component} ended:\n{self.log_tail(component)}")
            if self._is_healthy():
                return
            time.sleep(0.25)
        raise BotError(
            f"Airflow was not healthy after {seconds:.0f} s:\n{self.log_tail('api-server')}"
        )

    def stop(self) -> None:
        """Ends every process of this Airflow, running tasks included. May be called twice."""
        for process in self._running.values():
            _signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        for process in self._running.values():
            _signal_group(process.pid, signal.SIGKILL)  # forked workers outlive their leader
            process.wait()
        self._running.clear()
        self._pid_file.unlink(missing_ok=True)

    def stop_component(self, component: str) -> None:
        """Kills one component outright, as a lost machine would."""
        process = self._running.pop(component)
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()

    def log_tail(self, component: str, characters: int = 2000) -> str:
        path = self._home / f"{component}.log"
        return path.read_text(errors="replace")[-characters:] if path.exists() else ""

    def run(self, *arguments: str) -> str:
        """Runs one `airflow` command against this home and returns what it prints."""
        done = subprocess.run(  # noqa: S603
            [str(self._venv / "bin" / "airflow"), *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BotError(f"airflow {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    @property
    def _pid_file(self) -> Path:
        return self._home / "pids.json"

    def _migrate(self) -> None:
        self.run("db", "migrate")

    def _launch(self, component: str) -> None:
        with (self._home / f"{component}.log").open("ab") as log:
            self._running[component] = subprocess.Popen(  # noqa: S603
                [str(self._venv / "bin" / "airflow"), component],
                env=self._environment(),
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(  # noqa: S310
                f"{self.url}/api/v2/monitor/health", timeout=5
            ) as answer:
                parts = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return False
        return len(parts) >= len(COMPONENTS) and all(
            part.get("status") == "healthy" for part in parts.values() if part
        )

    def _end_leftovers(self) -> None:
        """Ends components of an earlier start that was itself killed."""
        if not self._pid_file.exists():
            return
        with contextlib.suppress(ValueError):
            for pid in json.loads(self._pid_file.read_text()):
                if str(self._venv) in _command_of(pid):
                    _signal_group(pid, signal.SIGKILL)
        self._pid_file.unlink()

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")
        }
        own = {f"AIRFLOW__{name}": value for name, value in self._configuration().items()}
        path = f"{self._venv / 'bin'}{os.pathsep}{inherited.get('PATH', '')}"
        return {
            **inherited,
            **own,
            "AIRFLOW_HOME": str(self._home),
            "PATH": path,
            "PYTHONUNBUFFERED": "1",
        }

    def _configuration(self) -> dict[str, str]:
        """Keys as `SECTION__KEY`. Ports and secrets keep two of these apart on one machine."""
        port, home = self._port, self._home
        return {
            "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "CORE__DAGS_FOLDER": str(self._dags_folder),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__PARALLELISM": "4",  # that many worker processes are forked at the start
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "CORE__HOSTNAME_CALLABLE": "airflow.utils.net.get_host_ip_address",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{u}:{r}" for u, r in USERS.items()),
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": f"{home}/passwords.json",
            "API__HOST": "127.0.0.1",
            "API__PORT": str(port),
            "API__BASE_URL": self.url,
            "API__WORKERS": "1",
            "API__SECRET_KEY": f"local-{home.name}-{port}",
            "API_AUTH__JWT_SECRET": f"local-only-{home.name}-{port}-".ljust(64, "x"),
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


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _command_of(pid: int) -> str:
    done = subprocess.run(  # noqa: S603
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout
