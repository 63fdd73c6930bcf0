"""Work that Slack refused, tried again by an operator once Slack would take it."""

from __future__ import annotations

from pathlib import Path

from bot.bootstrap import kept_types
from bot.domain.work import WorkStatus
from bot.playground.workspace import Fault, FaultKind
from bot.workflows.admin import WorkAdmin
from tests.end_to_end.asking import FAILED, RIGHT, WHY
from tests.end_to_end.conftest import bot_between, shown
from tests.waiting import until


async def test_an_answer_that_slack_refused_is_posted_when_the_work_is_retried(
    tmp_path: Path,
) -> None:
    async with bot_between(tmp_path, [FAILED]) as stage:
        refusal = Fault(FaultKind.REFUSE, "chat.postMessage", times=None, error="is_archived")
        stage.ws.faults.add(refusal)
        asked = await stage.ask(WHY)
        key = f"T0LOCAL001:{asked.channel}:{asked.ts}"
        admin = WorkAdmin(stage.parts.settings.database_url, kept_types())

        async def has_failed() -> bool:
            found = await admin.show(key)
            return found is not None and found.work.status is WorkStatus.FAILED

        await until(has_failed, "the end of the refused work")
        stage.ws.faults.clear()
        await admin.retry(key)
        assert RIGHT in shown(await stage.card(asked, "Ref", seconds=60))
        await admin.close()
