"""The audit and the settings of channels, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.audit import SqlAuditLog
from bot.adapters.sql.channel_policies import SqlChannelPolicies
from bot.adapters.sql.engine import create_engine
from bot.domain.audit import AuditEntry, AuditQuery, Outcome
from bot.domain.channel_policies import ChannelPolicy, PolicyKey, QuietHours
from bot.domain.errors import StoreError
from bot.domain.targets import Target

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
DENIED = AuditEntry(
    key="T:C:1:read",
    at=AT,
    user_id="U1",
    workspace="T",
    channel="C1",
    action="read",
    outcome=Outcome.DENIED,
    target=Target("prod", "billing", "run1", "load", 3, 2),
    reason="no rule grants it",
    reference="ABC234",
)
SAVED = replace(
    DENIED, key="T:C:form", action="settings", outcome=Outcome.ALLOWED, target=None, rule="admin"
)
HERE = PolicyKey("T", "C1")
QUIET = QuietHours("Europe/Berlin", 22 * 60, 7 * 60, (0, 4))
POLICY = ChannelPolicy(15, True, "prod", ("team_*",), QUIET, "de", 1)


async def test_what_was_kept_comes_back_newest_first_and_once(engine: AsyncEngine) -> None:
    audit = SqlAuditLog(engine)
    later = replace(SAVED, at=AT + timedelta(seconds=1))
    await audit.add(DENIED, later)
    await audit.add(replace(DENIED, reason="said again"))
    assert await audit.entries(AuditQuery()) == [later, DENIED]


@pytest.mark.parametrize(
    "query",
    [
        AuditQuery(user_id="U1", outcome=Outcome.DENIED),
        AuditQuery(dag_id="billing"),
        AuditQuery(action="read", channel="C1"),
        AuditQuery(reference="ABC234", since=AT, offset=1),
        AuditQuery(limit=1, offset=1),
    ],
)
async def test_entries_are_found_by_what_they_hold(engine: AsyncEngine, query: AuditQuery) -> None:
    audit = SqlAuditLog(engine)
    await audit.add(DENIED, replace(SAVED, at=AT + timedelta(seconds=1)))
    assert await audit.entries(query) == [DENIED]


async def test_a_channel_without_settings_has_the_usual_ones(engine: AsyncEngine) -> None:
    assert await SqlChannelPolicies(engine).policy(HERE) == ChannelPolicy()


async def test_settings_are_kept_with_their_entry(engine: AsyncEngine) -> None:
    policies = SqlChannelPolicies(engine)
    assert await policies.save(HERE, POLICY, SAVED)
    assert await policies.policy(HERE) == POLICY
    assert await SqlAuditLog(engine).entries(AuditQuery()) == [SAVED]
    # Work that is done again after a crash has saved them, too.
    assert await policies.save(HERE, POLICY, SAVED)


async def test_of_many_who_save_at_once_one_is_heard(database_url: str) -> None:
    engines = [create_engine(database_url) for _ in range(3)]
    stores = [SqlChannelPolicies(engine) for engine in engines]
    wanted = [replace(POLICY, answers_after=minutes) for minutes in range(1, 7)]
    saved = await asyncio.gather(
        *(
            stores[number % 3].save(HERE, policy, replace(SAVED, key=f"k{number}"))
            for number, policy in enumerate(wanted)
        )
    )
    assert saved.count(True) == 1
    stands = await stores[0].policy(HERE)
    assert stands == wanted[saved.index(True)]
    assert len(await SqlAuditLog(engines[0]).entries(AuditQuery())) == 1
    stale = replace(POLICY, version=3)
    assert not await stores[0].save(HERE, stale, replace(SAVED, key="stale"))
    assert await stores[0].save(HERE, replace(POLICY, version=2), replace(SAVED, key="next"))
    for engine in engines:
        await engine.dispose()


async def test_a_database_that_is_away_says_so() -> None:
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")
    with pytest.raises(StoreError, match="Keeping the audit failed"):
        await SqlAuditLog(engine).add(DENIED)
    with pytest.raises(StoreError, match="Reading a channel's settings failed"):
        await SqlChannelPolicies(engine).policy(HERE)
    await engine.dispose()
