"""Connections to either database, and to one that somebody else is busy with or that is gone."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.checks import check_writable
from bot.adapters.sql.engine import create_engine, store_errors
from bot.domain.checks import CheckStatus
from bot.domain.errors import StoreError
from tests.postgres import PostgresDatabase


async def test_a_new_file_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "bot.db"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("CREATE TABLE theirs (a)")
        other.execute("BEGIN IMMEDIATE")
        engine = create_engine(f"sqlite+aiosqlite:///{file}")

        async def mode() -> object:
            async with engine.connect() as connection:
                return (await connection.execute(text("PRAGMA journal_mode"))).scalar()

        asked = asyncio.create_task(mode())
        held = asyncio.get_running_loop().run_in_executor(None, _let_go_later, other)
        assert await asked == "wal"
        await held
        await engine.dispose()


def _let_go_later(other: sqlite3.Connection) -> None:
    time.sleep(0.3)
    other.execute("COMMIT")


async def test_writers_to_a_file_queue_behind_each_other(sqlite_url: str) -> None:
    engines = [create_engine(sqlite_url) for _ in range(4)]
    async with engines[0].begin() as connection:
        await connection.execute(text("CREATE TABLE counted (n INT)"))
        await connection.execute(text("INSERT INTO counted VALUES (0)"))

    async def count(engine: AsyncEngine) -> None:
        for _ in range(10):
            async with engine.begin() as connection:
                await connection.execute(text("UPDATE counted SET n = n"))
                before = await connection.scalar(text("SELECT n FROM counted"))
                await asyncio.sleep(0)
                await connection.execute(text("UPDATE counted SET n = :n"), {"n": before + 1})

    await asyncio.gather(*(count(engine) for engine in engines))

    async with engines[0].connect() as connection:
        assert await connection.scalar(text("SELECT n FROM counted")) == 40
    for engine in engines:
        await engine.dispose()


@pytest.mark.postgres
async def test_the_server_knows_who_is_connected_and_when_to_let_go(
    postgres: PostgresDatabase,
) -> None:
    engine = create_engine(postgres.url)
    wanted = {
        "application_name": "airflow-bot",
        "statement_timeout": "30s",
        "idle_in_transaction_session_timeout": "1min",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    }

    async with engine.connect() as connection:
        found = {name: await connection.scalar(text(f"SHOW {name}")) for name in wanted}
    await engine.dispose()

    assert found == wanted


@pytest.mark.postgres
async def test_connections_that_a_restart_cut_are_replaced(postgres: PostgresDatabase) -> None:
    engine = create_engine(postgres.url)
    assert (await check_writable(engine)).status is CheckStatus.OK

    postgres.stop()
    down = await check_writable(engine)
    postgres.start()
    back = await check_writable(engine)
    await engine.dispose()

    assert down.status is CheckStatus.FAILED
    assert "Start the database" in down.remedy
    assert back.status is CheckStatus.OK


@pytest.mark.postgres
async def test_more_connections_than_allowed_are_an_error(
    postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.adapters.sql.engine._WAIT_SECONDS", 0.05)
    engine = create_engine(postgres.url, connections=1)

    async def connect_twice() -> None:
        with store_errors("Connecting"):
            async with engine.connect(), engine.connect():
                pass

    with pytest.raises(StoreError, match=r"Connecting failed: TimeoutError"):
        await connect_twice()
    await engine.dispose()


def test_no_password_is_in_what_the_engine_says_of_itself() -> None:
    engine = create_engine("postgresql+psycopg://bot:hunter2-planted@db.example.com/bot")

    assert "hunter2" not in repr(engine)
