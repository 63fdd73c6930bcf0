"""What doctor says of a PostgreSQL: sound, down, old schema, or behind a pooler."""

from __future__ import annotations

import pytest
from sqlalchemy import StaticPool
from sqlalchemy.ext.asyncio import create_async_engine

from bot.adapters.sql.checks import check_database
from bot.adapters.sql.engine import create_engine
from bot.domain.checks import Check, CheckStatus
from tests.postgres import PostgresDatabase

pytestmark = pytest.mark.postgres


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


async def test_a_sound_server_passes_every_check(postgres: PostgresDatabase) -> None:
    engine = create_engine(postgres.url)

    checks = by_name(await check_database(engine))
    await engine.dispose()

    assert {check.status for check in checks.values()} == {CheckStatus.OK}
    assert list(checks) == ["writable", "schema", "version", "sessions"]
    assert checks["version"].detail.startswith("PostgreSQL ")


async def test_an_empty_database_wants_its_migrations(empty_postgres: PostgresDatabase) -> None:
    engine = create_engine(empty_postgres.url)

    schema = by_name(await check_database(engine))["schema"]
    await engine.dispose()

    assert schema.status is CheckStatus.FAILED
    assert "airflow-bot migrate" in schema.remedy


async def test_a_server_that_is_down_is_said_once(postgres: PostgresDatabase) -> None:
    engine = create_engine(postgres.url)
    postgres.stop()

    checks = by_name(await check_database(engine))
    await engine.dispose()

    assert checks.pop("writable").status is CheckStatus.FAILED
    assert {check.status for check in checks.values()} == {CheckStatus.SKIPPED}


async def test_a_pooler_that_shares_sessions_is_found_out(postgres: PostgresDatabase) -> None:
    # One session of the server for all who connect: what such a pooler makes of it.
    engine = create_async_engine(postgres.url, poolclass=StaticPool)

    sessions = by_name(await check_database(engine))["sessions"]
    await engine.dispose()

    assert sessions.status is CheckStatus.FAILED
    assert "pool_mode = session" in sessions.remedy


async def test_a_database_that_only_reads_is_not_writable(postgres: PostgresDatabase) -> None:
    engine = create_engine(f"{postgres.url}?options=-cdefault_transaction_read_only%3Don")

    writable = by_name(await check_database(engine))["writable"]
    await engine.dispose()

    assert writable.status is CheckStatus.FAILED
    assert "read-only" in writable.detail
