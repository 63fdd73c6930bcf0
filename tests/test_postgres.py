"""The database server that the tests start for themselves."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests import postgres as starting
from tests.postgres import PostgresDatabase, postgres_server

pytestmark = pytest.mark.postgres


def count(database: PostgresDatabase) -> int:
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    return row[0] if row else -1


def is_refused(dsn: str) -> bool:
    """At once, or a moment after a connection was had all the same."""
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return True
    time.sleep(0.1)
    return False


def test_what_was_committed_outlives_a_crash_of_the_server() -> None:
    with postgres_server() as server:
        database = server.create_database("crashing")
        with closing(psycopg.connect(database.dsn)) as connection:
            connection.execute("CREATE TABLE kept (n INT)")
            connection.commit()
            connection.execute("INSERT INTO kept VALUES (1)")
            connection.commit()
            connection.execute("INSERT INTO kept VALUES (2)")

            database.restart(crash=True)

            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        assert count(database) == 1


def test_a_server_that_is_stopped_takes_nobody_until_it_is_started() -> None:
    with postgres_server() as server:
        database = server.create_database()
        database.stop()

        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(database.dsn)

        database.start()
        database.start()
        psycopg.connect(database.dsn).close()


def test_the_server_of_the_wheel_does_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "_programs", starting.bundled_programs)

    with postgres_server() as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_run_that_is_killed_leaves_no_server_behind() -> None:
    program = (
        "import os, signal; from tests.postgres import PostgresServer;"
        "server = PostgresServer(); server.start(); print(server.dsn, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    dsn = killed.stdout.strip()

    assert dsn.startswith("postgresql://")
    assert any(is_refused(dsn) for _ in range(100))


def test_programs_in_a_folder_that_only_root_may_enter_are_copied(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programs = starting.bundled_programs()
    package = programs.parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        (tmp_path / folder.name).symlink_to(folder)
    hidden = tmp_path / package.name / programs.parent.name / programs.name
    monkeypatch.setattr(starting, "_programs", lambda: hidden)

    with postgres_server() as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_database_has_the_tables_and_is_the_tests_own(postgres: PostgresDatabase) -> None:
    with psycopg.connect(postgres.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM turns").fetchone() == (0,)
        connection.execute("CREATE TABLE only_here (n INT)")
    other = postgres.server.create_database()
    with psycopg.connect(other.dsn) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
    postgres.server.drop_database(other)
