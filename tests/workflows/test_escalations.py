"""Escalations on the real engine: restarted in every state, nothing is lost or done twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import Connection

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.escalations import SqlEscalations
from bot.domain.escalation_policy import Policy
from bot.domain.escalation_work import DUE, TOLD, EscalationTold
from bot.domain.escalations import Deed, Escalation, Kind, State
from bot.domain.work import Job
from bot.services.escalate import Escalator
from bot.services.ports import ConversationStore, DurableSteps
from bot.slack.escalation_types import ESCALATION_TYPES
from bot.workflows.config import EngineConfig
from bot.workflows.engine import Engine
from tests.contract.test_escalations import call
from tests.fakes.conversation_store import FakeConversationStore
from tests.waiting import until
from tests.workflows.support import POLL

POLICY = Policy(
    levels=2,
    acknowledge_within=timedelta(seconds=0.8),
    remind_after=timedelta(seconds=0.8),
    remind_responder_after=timedelta(seconds=0.8),
    reminders=1,
    expire_after=timedelta(hours=1),
)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Process:
    """One life of the bot: `told` are the deeds that it told of."""

    engine: Engine
    escalations: SqlEscalations
    escalator: Escalator
    told: list[Kind]

    async def state(self, escalation: Escalation) -> Escalation:
        found = await self.escalations.get(escalation.id)
        assert found is not None
        return found


@dataclass
class Told:
    """What was told in all lives, by the deeds' keys."""

    keys: list[str] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)


@asynccontextmanager
async def living(url: str, told: Told, policy: Policy = POLICY) -> AsyncIterator[Process]:
    database = create_engine(url)

    def enqueue(connection: Connection, job: Job) -> None:
        engine.enqueue(connection, job)

    async def tell(body: EscalationTold, steps: DurableSteps) -> None:
        async def note() -> None:
            told.keys.append(body.deed.key)
            told.kinds.append(body.deed.kind)

        await steps.run("tell", note)

    escalations = SqlEscalations(database, enqueue, policy)
    turns = cast(ConversationStore, FakeConversationStore())
    escalator = Escalator(escalations, turns, policy=policy, thresholds=lambda cause: "", now=now)
    handlers = {DUE: escalator.pass_time, TOLD: tell}
    config = EngineConfig(url, poll=POLL, lease=2.0)
    engine = Engine(config, handlers, ESCALATION_TYPES)
    await engine.open()
    try:
        yield Process(engine, escalations, escalator, told.kinds)
    finally:
        await engine.close(0)
        await database.dispose()


def press(kind: Kind, seen: int) -> Deed:
    at = now()
    return Deed(f"press {kind.value}", kind, at, "U1", "U2", at + timedelta(seconds=1.5), seen=seen)


async def test_nobody_acknowledges_across_restarts_and_each_step_is_taken_once(url: str) -> None:
    told = Told()
    wanted = [Kind.OPENED, Kind.LEVEL_RAISED, Kind.LEVEL_RAISED, Kind.CHANNEL_CALLED, Kind.REMINDED]
    async with living(url, told) as process:
        opened = (await process.escalations.call(call(1, at=now()))).escalation
    for steps in (2, 4, 5):

        async def has_come() -> bool:
            return len(told.kinds) >= steps  # noqa: B023 (asked within the round)

        async with living(url, told):
            await until(has_come, f"{steps} deeds, of {told.kinds}")

    async with living(url, told) as process:
        await asyncio.sleep(0)
        assert (await process.state(opened)).level == 2
    assert told.kinds == wanted
    assert len(set(told.keys)) == len(told.keys)


@pytest.mark.parametrize(
    ("presses", "then"),
    [
        ((), Kind.LEVEL_RAISED),
        ((Kind.ACKNOWLEDGED,), Kind.REMINDED),
        ((Kind.ACKNOWLEDGED, Kind.MITIGATED), Kind.REMINDED),
        ((Kind.HANDED_ON,), Kind.LEVEL_RAISED),
        ((Kind.SNOOZED,), Kind.WOKEN),
        ((Kind.RESOLVED,), None),
    ],
)
async def test_restarted_in_a_state_what_is_due_comes_once(
    file_url: str, presses: tuple[Kind, ...], then: Kind | None
) -> None:
    told = Told()
    patient = replace(POLICY, levels=0 if presses else 2, acknowledge_within=timedelta(seconds=1))
    async with living(file_url, told, patient) as process:
        opened = (await process.escalations.call(call(1, at=now()))).escalation
        for hands, kind in enumerate(presses):
            await process.escalator.do(opened.id, press(kind, hands))
        before = await process.state(opened)

    async with living(file_url, told, replace(patient, levels=2)) as process:
        assert (await process.state(opened)).responder == before.responder

        async def has_come() -> bool:
            return then is None or then in told.kinds

        await until(has_come, f"{then} in {told.kinds}")
        if then is None:
            assert (await process.state(opened)).state is State.RESOLVED
    assert told.kinds.count(then) == (1 if then else 0)
    assert len(set(told.keys)) == len(told.keys)
