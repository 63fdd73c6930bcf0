"""Databases that the bot cannot use: each command names the setting, and says what to do."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from bot.adapters.sql.migrate import migrate
from bot.workflows.databases import migrate_engine
from tests.commands import run_command
from tests.postgres import PostgresDatabase
from tests.rules import with_compiled_rules

SECRET = "sesame-4711"
SETTINGS = """\
data_dir: {folder}
clusters: {{lab: {{base_url: "http://127.0.0.1:9", username: admin}}}}
slack: {{mode: socket}}
"""
NEWER = "UPDATE airflow_bot_schema SET version_num = '9999'"
NEWER_ENGINE = "UPDATE {}dbos_migrations SET version = 9999"
EVERY = (("serve",), ("migrate",), ("work", "list"))


@dataclass
class Command:
    folder: Path

    async def run(self, url: str, *arguments: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error."""
        environment = {
            **os.environ,
            "AIRFLOW_BOT_CLUSTERS__lab__PASSWORD": "not-asked-for",
            "AIRFLOW_BOT_SLACK__BOT_TOKEN": "xoxb-1",
            "AIRFLOW_BOT_SLACK__APP_TOKEN": "xapp-1",
            "AIRFLOW_BOT_DATABASE__URL": url,
            "SLACK_API_URL": "http://127.0.0.1:9/api/",
            "COLUMNS": "200",
        }
        config = str(self.folder / "airflow-bot.yaml")
        return await run_command((*arguments, "--config", config), environment)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    with_compiled_rules(tmp_path)
    (tmp_path / "airflow-bot.yaml").write_text(SETTINGS.format(folder=tmp_path))
    return Command(tmp_path)


def newer_file(folder: Path, statement: str) -> str:
    url = f"sqlite+aiosqlite:///{folder / 'bot.db'}"
    migrate(url)
    migrate_engine(url)
    with closing(sqlite3.connect(folder / "bot.db")) as database:
        database.execute(statement.format(""))
        database.commit()
    return url


def newer_server(postgres: PostgresDatabase, statement: str) -> str:
    migrate_engine(postgres.url)
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute(statement.format("dbos."))
    return postgres.url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def newer(request: pytest.FixtureRequest, tmp_path: Path, statement: str) -> str:
    if request.param == "sqlite":
        return newer_file(tmp_path, statement)
    return newer_server(request.getfixturevalue("postgres"), statement)


@pytest.mark.parametrize("statement", [NEWER, NEWER_ENGINE])
def test_a_newer_database_is_refused_in_the_same_words(
    command: Command, newer: str, statement: str
) -> None:
    # An old bot must not undo what the newer one did, in either half of the tables.
    each = (("serve",), ("migrate",), ("work", "list"), ("work", "cancel", "x"))
    ((status, out, err),) = {asyncio.run(command.run(newer, *arguments)) for arguments in each}
    assert (status, out) == (2, "")
    assert "9999" in err
    assert "version" in err


def wrong(postgres: PostgresDatabase, what: str) -> str:
    url = make_url(postgres.url).set(username="nobody-we-know", password=SECRET)
    if what == "down":
        postgres.stop()
    if what == "host":
        url = url.set(host="no-such-host.invalid")
    if what == "database":
        url = url.set(username="postgres", database="no-such-database")
    return url.render_as_string(hide_password=False)


@pytest.mark.parametrize(
    ("what", "remedy"),
    [
        ("down", "Start the database, or correct database.url."),
        ("user", "Correct database.password, or the user in database.url."),
        ("host", "Correct the host in database.url."),
        ("database", "Create the database, or correct its name in database.url"),
    ],
)
def test_a_database_that_takes_no_connection_is_one_message_with_the_setting(
    command: Command, postgres: PostgresDatabase, what: str, remedy: str
) -> None:
    url = wrong(postgres, what)
    for each in EVERY:
        status, out, err = asyncio.run(command.run(url, *each))
        assert (status, out) == (2, "")
        (message,) = err.splitlines()
        assert remedy in message
        assert SECRET not in message


def test_the_doctor_tells_what_to_do_about_a_database_that_is_down(
    command: Command, postgres: PostgresDatabase
) -> None:
    status, out, err = asyncio.run(command.run(wrong(postgres, "down"), "doctor"))
    assert status == 1
    assert "Start the database, or correct database.url." in " ".join(out.split())
    assert SECRET not in out + err
    assert "Traceback" not in err


def test_a_file_that_is_no_database_is_one_message_with_the_setting(command: Command) -> None:
    file = command.folder / "bot.db"
    file.write_text("I am no database. " * 100)
    for each in EVERY:
        status, out, err = asyncio.run(command.run(f"sqlite:///{file}", *each))
        assert (status, out) == (2, "")
        (message,) = err.splitlines()
        assert f"{file} cannot be used" in message
        assert "database.url" in message


def test_a_worker_without_a_shared_database_is_told_which_setting_it_lacks(
    command: Command,
) -> None:
    status, out, err = asyncio.run(command.run(f"sqlite:///{command.folder}/bot.db", "worker"))
    assert (status, out) == (2, "")
    assert "database.url" in err
    assert "postgresql://" in err
    assert "AIRFLOW_BOT_DATABASE__URL" in err
    assert "WORK__ROLE" not in err  # nobody set it
