"""A process that calls humans, to be killed by the tests.

    python -m tests.workflows.escalating URL JOURNAL

It opens the same escalation in each of its lives, and notes what it tells of. It hangs where it
tells for the first time that level 1 was called.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from sqlalchemy import Connection

from bot.adapters.sql.engine import create_engine
from bot.adapters.sql.escalations import SqlEscalations
from bot.domain.escalation_policy import Policy
from bot.domain.escalation_work import DUE, TOLD, EscalationTold
from bot.domain.escalations import Kind
from bot.domain.work import Job
from bot.services.escalate import Escalator
from bot.services.ports import ConversationStore, DurableSteps
from bot.slack.escalation_types import ESCALATION_TYPES
from bot.workflows.config import EngineConfig
from bot.workflows.engine import Engine
from tests.contract.test_escalations import call
from tests.fakes.conversation_store import FakeConversationStore
from tests.workflows.processes import Journal
from tests.workflows.support import POLL

POLICY = Policy(
    levels=2,
    acknowledge_within=timedelta(seconds=0.5),
    remind_after=timedelta(seconds=0.5),
    reminders=1,
)


def now() -> datetime:
    return datetime.now(UTC)


async def main(url: str, journal: Journal) -> None:
    def enqueue(connection: Connection, job: Job) -> None:
        engine.enqueue(connection, job)

    async def tell(body: EscalationTold, steps: DurableSteps) -> None:
        async def note() -> None:
            name = body.deed.kind.value
            is_first = not any(errand == name for errand, _ in journal.begun())
            journal.note(name, body.deed.key.replace(" ", "_"))
            if is_first and body.deed.kind is Kind.LEVEL_RAISED:
                await asyncio.sleep(3_600)

        await steps.run("tell", note)

    escalations = SqlEscalations(create_engine(url), enqueue, POLICY)
    turns = cast(ConversationStore, FakeConversationStore())
    escalator = Escalator(escalations, turns, policy=POLICY, thresholds=lambda cause: "", now=now)
    handlers = {DUE: escalator.pass_time, TOLD: tell}
    engine = Engine(EngineConfig(url, poll=POLL, lease=2.0), handlers, ESCALATION_TYPES)
    await engine.open()
    await escalations.call(replace(call(1), at=now()))
    print("open", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Journal(Path(sys.argv[2]))))
    os._exit(0)
