"""One process for a SQLite file: commands run beside a bot that is at work, as users run them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.migrate import downgrade, migrate
from bot.workflows.databases import migrate_engine
from bot.workflows.single import claim_database
from tests.commands import run_command
from tests.end_to_end.asking import FAILED, RIGHT, WHY, answered
from tests.end_to_end.conftest import bot_between
from tests.fakes.airflow_server import RecordedAirflow
from tests.postgres import PostgresDatabase
from tests.rules import with_compiled_rules

SECRETS = {
    "AIRFLOW_BOT_CLUSTERS__lab__PASSWORD": RecordedAirflow.password,
    "AIRFLOW_BOT_SLACK__BOT_TOKEN": "xoxb-1",
    "AIRFLOW_BOT_SLACK__APP_TOKEN": "xapp-1",
}
NEWEST_BUT_ONE = "0003"


@dataclass
class File:
    """A SQLite file with settings that lead to it, and commands upon them."""

    path: Path
    config: Path

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self.path}"

    @property
    def schema(self) -> list[tuple[str, str | None]]:
        with closing(sqlite3.connect(self.path)) as database:
            return database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error of one command."""
        environ = {**os.environ, **SECRETS, "COLUMNS": "200"}
        return await run_command((*arguments, "--config", str(self.config)), environ)

    def take_back(self) -> None:
        """Leaves the file as the version before this one would."""

        async def taken_back() -> None:
            engine = create_engine(self.url)
            await downgrade(engine, NEWEST_BUT_ONE)
            await engine.dispose()

        # In a thread: an async test has its loop running already.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, taken_back()).result()

    @contextmanager
    def held(self) -> Iterator[None]:
        """As by a bot that is at work."""
        with closing(claim_database(self.url)):
            yield


@pytest.fixture
def airflow() -> Iterator[RecordedAirflow]:
    recordings = Path(__file__).parent.parent / "payloads" / "airflow"
    with RecordedAirflow([json.loads((recordings / f"{FAILED}.json").read_text())]) as recorded:
        yield recorded


@pytest.fixture
def file(tmp_path: Path, airflow: RecordedAirflow) -> File:
    """Nothing is at its path yet."""
    data = with_compiled_rules(tmp_path / "data")
    config = tmp_path / "airflow-bot.yaml"
    settings = {
        "data_dir": str(data),
        "clusters": {"lab": {"base_url": airflow.url, "username": airflow.username}},
        "slack": {"mode": "socket"},
    }
    config.write_text(json.dumps(settings))
    return File(data / "bot.db", config)


@pytest.fixture
def old_file(file: File) -> File:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(migrate, file.url).result()
    migrate_engine(file.url)
    file.take_back()
    return file


async def test_a_question_beside_a_bot_is_answered_and_a_migration_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bot_between(tmp_path, (FAILED,)) as stage:
        file = File(tmp_path / "data" / "bot.db", tmp_path / "airflow-bot.yaml")
        monkeypatch.setenv("SLACK_API_URL", stage.ws.base_url)
        before = file.schema
        asked, refused = await asyncio.gather(file.run("ask", WHY), file.run("migrate"))
        assert file.schema == before
        await answered(stage)  # the bot is none the worse for it
    assert (asked[0], RIGHT in asked[1]) == (0, True)
    assert refused[0] == 2
    assert refused[2] == (
        f"The database {file.path} is in use by process {os.getpid()}. Stop it, then migrate.\n"
    )
    with closing(sqlite3.connect(file.path)) as database:
        origins = database.execute("SELECT DISTINCT origin FROM turns ORDER BY 1").fetchall()
    assert origins == [("cli",), ("playground",)]


@pytest.mark.parametrize("command", [("serve",), ("migrate",), ("ask", WHY)])
def test_what_another_process_holds_is_not_brought_up_to_date(
    old_file: File, command: tuple[str, ...]
) -> None:
    before = old_file.schema
    with old_file.held():
        status, out, err = asyncio.run(old_file.run(*command))
        assert old_file.schema == before
    assert (status, out) == (2, "")
    (message,) = err.splitlines()
    assert re.search(rf"bot\.db is in use by process {os.getpid()}\. \w", message)


async def test_looking_never_changes_the_schema(old_file: File) -> None:
    before = old_file.schema
    looked, listed = await asyncio.gather(old_file.run("doctor"), old_file.run("work", "list"))
    assert (looked[0], "revision" in looked[1], listed[0]) == (1, True, 0)
    assert old_file.schema == before


def test_a_question_at_the_terminal_makes_the_file_where_nobody_has_it(file: File) -> None:
    status, out, _ = asyncio.run(file.run("ask", WHY))
    assert (status, RIGHT in out) == (0, True)
    assert "turns" in {name for name, _ in file.schema}
    with file.held():  # nobody does any more, and what is up to date may be used beside a bot
        status, out, _ = asyncio.run(file.run("ask", WHY))
    assert (status, RIGHT in out) == (0, True)


def test_a_question_at_the_terminal_brings_an_old_file_up_to_date(old_file: File) -> None:
    assert asyncio.run(old_file.run("ask", WHY))[0] == 0
    assert "model_spend" in {name for name, _ in old_file.schema}


def test_replicas_on_postgresql_may_be_migrated_under(postgres: PostgresDatabase) -> None:
    with closing(claim_database(postgres.url)), closing(claim_database(postgres.url)):
        assert migrate(postgres.url)
