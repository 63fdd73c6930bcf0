"""The store in a real file: what lasts, what is refused, and what never gets in."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sql.engine import create_engine
from bot.domain.checks import CheckStatus
from bot.domain.conversations import Rating, Score
from bot.domain.errors import StoreError
from tests import stores
from tests.fakes.turns import NOON, THREAD, diagnosis, evidence, question, turn

SECRET = "hunter2-planted"

Opened = Callable[..., Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "bot.db"


@pytest.fixture
def opened(file: Path) -> Opened:
    return lambda **options: stores.opened(f"sqlite+aiosqlite:///{file}", **options)


def rows(file: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        return connection.execute(statement).fetchall()


async def test_turns_outlive_the_process(opened: Opened) -> None:
    async with opened() as store:
        await store.add_turn(turn(seen=evidence()))
        await store.rate(Rating("turn-1", "U2", Score.UP, NOON))

    async with opened() as store:
        assert list(await store.turns(THREAD)) == [turn(seen=evidence())]
        assert len(await store.ratings("turn-1")) == 1


async def test_no_secret_reaches_the_file(opened: Opened, file: Path) -> None:
    def redact(text: str) -> str:
        return text.replace(SECRET, "[masked]")

    async with opened(redact=redact) as store:
        asked = question(text=f"why does {SECRET} fail?")
        await store.add_turn(turn(asked=asked, seen=evidence(text=SECRET), reply=diagnosis(SECRET)))
        await store.set_reply("turn-1", diagnosis(f"{SECRET}2"), "1")
        await store.rate(Rating("turn-1", "U2", Score.DOWN, NOON, SECRET, f"it is {SECRET}"))
        found = await store.turn("turn-1")
        ratings = await store.ratings("turn-1")
        written = b"".join(path.read_bytes() for path in file.parent.iterdir())

    assert SECRET.encode() not in written
    assert found is not None
    assert SECRET not in repr(found)
    assert found.question.text == "why does [masked] fail?"
    assert ratings[0].comment == "it is [masked]"


async def test_every_row_says_where_it_came_from(opened: Opened, file: Path) -> None:
    async with opened() as store:
        await store.add_turn(turn(seen=evidence()))
        await store.rate(Rating("turn-1", "U2", Score.UP, NOON))

    for table in ("conversations", "turns", "evidence", "verdicts", "ratings"):
        statement = (
            "SELECT origin, workspace, channel, author_team, created_at IS NOT NULL, expires_at "
            f"FROM {table}"
        )
        team = "" if table == "ratings" else "T1"
        assert rows(file, statement) == [("slack", "T1", "C1", team, 1, None)]


async def test_the_verdict_is_laid_out_for_questions_across_turns(
    opened: Opened, file: Path
) -> None:
    async with opened() as store:
        await store.add_turn(turn())

    statement = "SELECT kind, cause, cluster, dag_id, task_id, map_index, try_number FROM verdicts"
    assert rows(file, statement) == [
        ("capacity", "out_of_memory", "prod", "orders_daily", "load", 3, 2)
    ]


async def test_what_hangs_on_a_conversation_goes_with_it(opened: Opened, file: Path) -> None:
    async with opened() as store:
        await store.add_turn(turn(seen=evidence()))
        await store.rate(Rating("turn-1", "U2", Score.UP, NOON))

    rows(file, "DELETE FROM conversations")

    for table in ("turns", "evidence", "verdicts", "ratings"):
        assert rows(file, f"SELECT * FROM {table}") == []


async def test_texts_that_no_database_holds_are_kept_as_far_as_they_can(opened: Opened) -> None:
    broken = question(text="why \x00 \ud800 ?")
    async with opened() as store:
        await store.add_turn(turn(asked=broken))
        await store.rate(Rating("turn-1", "U2", Score.UP, NOON, comment="\x00\ud800"))

        found = await store.turn("turn-1")
        ratings = await store.ratings("turn-1")

    assert found is not None
    assert found.question.text == "why \ufffd ? ?"
    assert ratings[0].comment == "\ufffd?"


async def test_a_time_without_zone_is_refused(opened: Opened) -> None:
    async with opened() as store:
        with pytest.raises(StoreError, match="Storing a turn failed"):
            await store.add_turn(turn(asked=question(asked_at=datetime(2026, 1, 1))))  # noqa: DTZ001


async def test_a_thread_is_known_once_something_was_answered_in_it(opened: Opened) -> None:
    async with opened() as store:
        assert not await store.is_known(THREAD)
        await store.add_turn(turn())
        assert await store.is_known(THREAD)
        assert not await store.is_known(replace(THREAD, channel="C2"))


async def test_damaged_evidence_is_an_error_that_names_the_turn(opened: Opened, file: Path) -> None:
    async with opened() as store:
        await store.add_turn(turn(seen=evidence()))
        rows(file, "UPDATE evidence SET body = x'00'")

        with pytest.raises(StoreError, match="Turn turn-1's evidence is damaged"):
            await store.turn("turn-1")


async def test_errors_of_the_database_show_no_content(opened: Opened, file: Path) -> None:
    async with opened() as store:
        rows(file, "DROP TABLE turns")

        with pytest.raises(StoreError, match="Storing a turn failed: OperationalError") as caught:
            await store.add_turn(turn(asked=question(text=SECRET)))

    assert SECRET not in str(caught.value)
    assert SECRET not in str(caught.value.__cause__)


async def test_two_processes_may_write_to_one_file(opened: Opened, file: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from tests.stores import opened\n"
        "from tests.fakes.turns import turn\n"
        "async def main():\n"
        "    async with opened(sys.argv[1]) as store:\n"
        "        for number in range(20):\n"
        "            await store.add_turn(turn(f'{sys.argv[2]}-{number}'))\n"
        "asyncio.run(main())\n"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            f"sqlite+aiosqlite:///{file}",
            name,
            stderr=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        for name in ("one", "two")
    ]
    for process in processes:
        _, said = await process.communicate()
        assert process.returncode == 0, said.decode()

    async with opened() as store:
        assert len(await store.turns(THREAD)) == 40


async def test_a_writer_waits_for_another_instead_of_failing(opened: Opened, file: Path) -> None:
    async with opened() as store:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        adding = asyncio.create_task(store.add_turn(turn()))
        reading = await store.turns(THREAD)
        other.execute("COMMIT")
        await adding
        other.close()

        assert reading == []
        assert len(await store.turns(THREAD)) == 1


async def test_the_file_is_set_up_to_lose_nothing(file: Path) -> None:
    engine = create_engine(f"sqlite+aiosqlite:///{file}")
    async with engine.connect() as connection:
        found = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    await engine.dispose()

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 15_000,
    }
    assert file.parent.stat().st_mode & 0o077 == 0


async def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="cannot be made"):
        create_engine(f"sqlite+aiosqlite:///{tmp_path / 'file' / 'bot.db'}")


def test_a_driver_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(StoreError, match="asyncpg is not installed"):
        create_engine("postgresql+asyncpg://bot@localhost/bot")


class TestDoctor:
    async def test_readiness_asks_whether_a_write_is_taken(
        self, opened: Opened, tmp_path: Path
    ) -> None:
        (tmp_path / "other.db").write_bytes(b"this is no database" * 100)
        async with opened() as store:
            assert (await store.ready()).status is CheckStatus.OK
        url = f"sqlite+aiosqlite:///{tmp_path / 'other.db'}"
        async with stores.opened(url, prepare=False) as store:
            assert (await store.ready()).status is CheckStatus.FAILED

    async def test_a_sound_file_passes(self, opened: Opened) -> None:
        async with opened() as store:
            checks = {check.name: check for check in await store.doctor()}

        assert list(checks) == ["writable", "schema", "integrity"]
        assert {check.status for check in checks.values()} == {CheckStatus.OK}
        assert "wal" in checks["integrity"].detail

    async def test_an_empty_file_will_be_made_ready_at_the_start(self, opened: Opened) -> None:
        async with opened(prepare=False) as store:
            checks = {check.name: check for check in await store.doctor()}

        assert checks["schema"].status is CheckStatus.WARNING
        assert "when it starts" in checks["schema"].remedy

    async def test_a_file_of_another_kind_is_named(self, opened: Opened, file: Path) -> None:
        file.parent.mkdir()
        file.write_bytes(b"this is no database, whatever its name says" * 50)
        async with opened(prepare=False) as store:
            checks = await store.doctor()

        assert [check.status for check in checks] == [
            CheckStatus.FAILED,
            CheckStatus.SKIPPED,
            CheckStatus.SKIPPED,
        ]
        assert "not a database" in checks[0].detail
        assert str(file) in checks[0].detail
        assert "backup" in checks[0].remedy

    async def test_a_damaged_file_is_noticed(self, opened: Opened, file: Path) -> None:
        async with opened() as store:
            await store.add_turn(turn(seen=evidence()))
        rows(file, "PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(file.read_bytes())
        content[3 * 4096 + 8 : 6 * 4096] = bytes(3 * 4096 - 8)
        file.write_bytes(content)

        async with opened(prepare=False) as store:
            checks = {check.name: check for check in await store.doctor()}

        assert checks["integrity"].status is CheckStatus.FAILED
        assert "backup" in checks["integrity"].remedy

    async def test_rows_without_their_turn_are_noticed(self, opened: Opened, file: Path) -> None:
        async with opened() as store:
            await store.add_turn(turn())
            with closing(sqlite3.connect(file)) as other, other:
                other.execute("DELETE FROM turns")
            checks = {check.name: check for check in await store.doctor()}

        assert checks["integrity"].status is CheckStatus.FAILED
        assert "refer to rows of turns that are gone" in checks["integrity"].detail
