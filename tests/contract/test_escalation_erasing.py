"""What is deleted of questions is gone from escalations as well, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.escalations import SqlEscalations
from bot.adapters.sql.talk import SqlTalkRecords
from bot.adapters.sql.workspace_erasing import SqlWorkspaceErasing
from bot.domain.escalation_policy import Policy
from bot.domain.escalations import (
    Call,
    Deed,
    Fired,
    Kind,
    Party,
    Rule,
    Severity,
    Subject,
    Truth,
    WasRight,
)
from bot.domain.questions import ThreadKey

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST, SECOND = "T1:C1:1700000000.000100", "T1:C1:1700000009.000100"


@dataclass
class Kept:
    escalations: SqlEscalations
    talk: SqlTalkRecords
    database: AsyncEngine

    async def question(self, escalation_id: str) -> str | None:
        found = await self.escalations.get(escalation_id)
        return found.subject.question if found else None


@pytest.fixture
async def kept(database_url: str) -> AsyncIterator[Kept]:
    engine = create_engine(database_url)
    escalations = SqlEscalations(engine, lambda *_: None, Policy(levels=1), clock=lambda: NOON)
    yield Kept(escalations, SqlTalkRecords(engine), engine)
    await engine.dispose()


def call(asked: str, turn_id: str = "") -> Call:
    workspace, channel, ts = asked.split(":")
    return Call(
        key=asked,
        incident="prod:oom",
        fired=Fired(Rule.ASKED_FOR, "Somebody asked."),
        severity=Severity.NORMAL,
        subject=Subject("Somebody asks for help", f"why {asked}?", turn_id),
        at=NOON,
        party=Party(ThreadKey(workspace, channel, ts), "U1", asked, turn_id),
    )


@pytest.mark.parametrize("turn_id", ["", FIRST])
async def test_the_words_that_opened_it_go_and_what_it_is_about_stays(
    kept: Kept, turn_id: str
) -> None:
    opened = (await kept.escalations.call(call(FIRST, turn_id))).escalation
    await kept.escalations.call(call(SECOND))
    await kept.talk.erase([SECOND])
    assert await kept.question(opened.id) == f"why {FIRST}?"
    await kept.talk.erase([FIRST])
    found = await kept.escalations.get(opened.id)
    assert found is not None
    assert found.subject == replace(opened.subject, question="")
    assert found.count == 2


async def test_a_workspace_that_is_gone_takes_its_escalations_and_leaves_those_of_others(
    kept: Kept,
) -> None:
    alone = replace(call("T1:C1:1.0"), incident="alone")
    shared, other = call("T1:C1:2.0"), call("T2:C1:3.0")
    lonely = (await kept.escalations.call(alone)).escalation
    both = (await kept.escalations.call(shared)).escalation
    await kept.escalations.call(other)
    await SqlWorkspaceErasing(kept.database).erase_workspace("T1", NOON)
    assert await kept.escalations.get(lonely.id) is None
    assert await kept.question(both.id) == ""
    assert [one.thread.workspace for one in await kept.escalations.parties(both.id, 10)] == ["T2"]


async def test_what_somebody_said_was_true_goes_with_their_words_alone(kept: Kept) -> None:
    opened = (await kept.escalations.call(call(FIRST))).escalation
    truth = Truth(opened.id, "U9", NOON, "A leak", "Restarted it", WasRight.NO)
    await kept.escalations.do(opened.id, Deed("k1", Kind.RESOLVED, NOON, "U9"), truth)
    await kept.talk.erase_found("T1", "U8")
    assert await kept.escalations.truth(opened.id) == truth
    await kept.talk.erase_found("T1", "U9")
    silent = replace(truth, was_wrong="", fixed_by="")
    assert await kept.escalations.truth(opened.id) == silent
