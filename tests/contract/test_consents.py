"""Consents on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.audit import SqlAuditLog
from bot.adapters.sql.consents import SqlConsents
from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.workspace_erasing import SqlWorkspaceErasing
from bot.domain.audit import AuditEntry, AuditQuery, Outcome
from bot.domain.consents import Basis, Consent, Permission

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
YEAR = timedelta(days=365)
PERMISSION = Permission("contract 4711 of 3 Nov 2026", "works council, 5 Nov 2026")
ONE = Consent("c1", "T1", Basis.CONTRACT, PERMISSION, "admin", NOW, NOW + YEAR, note="pilot")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def kept(engine: AsyncEngine) -> SqlConsents:
    return SqlConsents(engine)


def entry(key: str) -> AuditEntry:
    return AuditEntry(key, NOW, "admin", "T1", "", "consent", Outcome.ALLOWED)


async def test_a_consent_comes_back_and_is_kept_once_with_its_entry_in_the_audit(
    engine: AsyncEngine, kept: SqlConsents
) -> None:
    await kept.record(ONE, entry("e1"))
    await kept.record(replace(ONE, note="changed"), entry("e1"))
    assert await kept.find("c1") == ONE
    assert await kept.find("c2") is None
    assert await SqlAuditLog(engine).entries(AuditQuery()) == [entry("e1")]


async def test_a_consent_is_in_force_from_when_it_was_recorded_to_its_end(
    kept: SqlConsents,
) -> None:
    await kept.record(ONE, entry("e1"))
    await kept.record(replace(ONE, id="c2", workspace="T2"), entry("e2"))
    second = timedelta(seconds=1)
    assert await kept.in_force("T1", NOW) == [ONE]
    assert await kept.in_force("T1", NOW - second) == []
    assert await kept.in_force("T1", ONE.until - second) == [ONE]
    assert await kept.in_force("T1", ONE.until) == []
    assert await kept.in_force("T3", NOW) == []


async def test_a_withdrawal_ends_it_at_once_and_stays_readable(
    engine: AsyncEngine, kept: SqlConsents
) -> None:
    await kept.record(ONE, entry("e1"))
    later = NOW + timedelta(days=1)
    assert await kept.withdraw("c1", "lawyer", later, entry("e2"))
    assert not await kept.withdraw("c1", "somebody", later + YEAR, entry("e3"))
    assert not await kept.withdraw("c9", "somebody", later, entry("e4"))
    assert await kept.in_force("T1", later) == []
    assert await kept.all() == [replace(ONE, withdrawn_at=later, withdrawn_by="lawyer")]
    assert len(await SqlAuditLog(engine).entries(AuditQuery())) == 2


async def test_a_workspace_that_the_app_was_taken_out_of_consents_to_nothing(
    engine: AsyncEngine, kept: SqlConsents
) -> None:
    await kept.record(ONE, entry("e1"))
    await kept.record(replace(ONE, id="c2", workspace="T2"), entry("e2"))
    later = NOW + timedelta(days=1)
    await SqlWorkspaceErasing(engine).erase_workspace("T1", later)
    assert await kept.in_force("T1", later) == []
    assert len(await kept.in_force("T2", later)) == 1
    assert len(await kept.all("T1")) == 1


async def test_all_are_listed_oldest_first_and_by_workspace(kept: SqlConsents) -> None:
    newer = replace(ONE, id="a", recorded_at=NOW + timedelta(hours=1))
    other = replace(ONE, id="b", workspace="T2", recorded_at=NOW + timedelta(hours=2))
    for one in (other, newer, ONE):
        await kept.record(one, entry(one.id))
    assert await kept.all() == [ONE, newer, other]
    assert await kept.all("T2") == [other]
