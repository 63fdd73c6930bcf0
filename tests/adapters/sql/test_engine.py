"""Connections to a SQLite file that somebody else is busy with."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from bot.adapters.sql.engine import create_engine


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
