"""Installations and what proves who comes back, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.installations import SqlInstallations, SqlOAuthStates
from bot.adapters.sql.sealing import Seal
from bot.domain.errors import StoreError
from bot.domain.installations import Installation

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
KEY = Fernet.generate_key().decode()
ONE = Installation(
    "T0AAAAAAA",
    "One",
    "xoxe.xoxb-first",
    "U0BOT",
    "B0BOT",
    NOW,
    "U0ADMIN",
    scopes="chat:write",
    refresh_token="xoxe-first",
    expires_at=NOW + timedelta(hours=12),
)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def kept(engine: AsyncEngine) -> SqlInstallations:
    return SqlInstallations(engine, Seal([KEY]))


async def test_an_installation_comes_back_and_its_tokens_are_sealed(
    engine: AsyncEngine, kept: SqlInstallations
) -> None:
    await kept.put(ONE)
    assert await kept.find(ONE.workspace) == ONE
    assert await kept.find("T0BBBBBBB") is None
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM slack_installations"))).all()
    assert "xox" not in str(rows)
    again = replace(ONE, name="Renamed", bot_token="xoxb-second", refresh_token="", expires_at=None)
    await kept.put(again)
    assert await kept.list() == [again]


async def test_an_older_key_opens_and_a_lost_one_is_said_to_be(
    engine: AsyncEngine, kept: SqlInstallations
) -> None:
    await kept.put(ONE)
    newer = Fernet.generate_key().decode()
    assert await SqlInstallations(engine, Seal([newer, KEY])).find(ONE.workspace) == ONE
    with pytest.raises(StoreError, match="kept under another key"):
        await SqlInstallations(engine, Seal([newer])).find(ONE.workspace)


async def test_what_was_installed_again_stays(kept: SqlInstallations) -> None:
    await kept.put(ONE)
    assert not await kept.remove(ONE.workspace, NOW - timedelta(seconds=1))
    assert await kept.find(ONE.workspace) is not None
    assert await kept.remove(ONE.workspace, NOW)
    assert await kept.find(ONE.workspace) is None
    assert await kept.remove(ONE.workspace, NOW)


async def test_one_at_a_time_renews_a_token_and_an_old_one_changes_nothing(
    kept: SqlInstallations,
) -> None:
    await kept.put(ONE)
    later = NOW + timedelta(minutes=1)
    assert await kept.may_renew(ONE.workspace, NOW, later)
    assert not await kept.may_renew(ONE.workspace, NOW, later)
    assert await kept.may_renew(ONE.workspace, later + timedelta(seconds=1), later)
    fresh = replace(ONE, bot_token="xoxe.xoxb-second", refresh_token="xoxe-second")
    assert await kept.renewed(fresh, "xoxe-first")
    assert await kept.find(ONE.workspace) == fresh
    assert not await kept.renewed(replace(ONE, bot_token="xoxb-stale"), "xoxe-first")
    assert await kept.find(ONE.workspace) == fresh
    assert await kept.may_renew(ONE.workspace, NOW, later)


async def test_a_state_is_good_once_and_not_for_long(engine: AsyncEngine) -> None:
    states = SqlOAuthStates(engine)
    await states.add("secret", NOW, NOW + timedelta(minutes=10))
    assert not await states.take("other", NOW)
    assert await states.take("secret", NOW)
    assert not await states.take("secret", NOW)
    await states.add("late", NOW, NOW + timedelta(minutes=10))
    assert not await states.take("late", NOW + timedelta(minutes=11))
