"""Whatever breaks around it, a question gets one answer, or one sentence with a reference."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from bot import assembly
from bot.bootstrap import slack_config
from bot.playground.workspace import Fault, FaultKind
from bot.playground.workspace.faults import UPLOADS_DISABLED
from bot.slack.presses import Press
from tests.end_to_end.asking import FAILED, RIGHT, answered
from tests.end_to_end.conftest import Stage, bot_between, shown
from tests.fakes.airflow_server import Faults

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    with pytest.MonkeyPatch.context() as patch:
        # The local workspace shows at once what it took: nothing need be waited for.
        patch.setattr(
            assembly, "slack_config", lambda *of: replace(slack_config(*of), read_lag=0.5)
        )
        async with bot_between(tmp_path_factory.mktemp("bot"), [FAILED]) as stage:
            yield stage


@pytest.fixture
def stage(shared: Stage) -> Stage:
    """One bot for all tests of faults that it forgets; they are cleared before each."""
    shared.ws.faults.clear()
    shared.airflow.faults = Faults()
    return shared


# Slack


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.RATE_LIMITED, "chat.postMessage", seconds=1),
        Fault(FaultKind.SERVER_ERROR, "chat.postMessage"),
        Fault(FaultKind.CUT, "chat.postMessage"),
        Fault(FaultKind.SERVER_ERROR, "assistant.threads.setStatus", times=None),
        Fault(FaultKind.SERVER_ERROR, "reactions.add", times=None),
        Fault(FaultKind.REFUSE, "chat.postMessage", error="invalid_blocks"),
        Fault(FaultKind.REFUSE, "chat.postMessage", error="internal_error"),
    ],
    ids=lambda fault: f"{fault.method}-{fault.kind.value}-{fault.error}{fault.times}",
)
async def test_what_slack_stumbles_over_costs_no_answer(stage: Stage, fault: Fault) -> None:
    stage.ws.faults.add(fault)
    said = await answered(stage)
    assert RIGHT in shown(said)


async def test_a_workspace_that_takes_no_files_gets_the_log_as_text(stage: Stage) -> None:
    stage.ws.faults.add(UPLOADS_DISABLED)
    card = await answered(stage)
    await stage.ws.press(card, Press.LOG_EXCERPT, stage.asker)
    seen = await stage.ws.wait_for(lambda: stage.ws.ephemerals(stage.asker))
    assert "VARIABLE_NOT_FOUND" in shown(seen[-1])
    assert "VARIABLE_NOT_FOUND" in shown(await answered(stage, f"logs of {FAILED}"))


# Airflow


@pytest.mark.parametrize(
    ("piece", "gap"),
    [("event_logs", "event log"), ("pools", "pool"), ("dag_details", "dag")],
)
async def test_what_may_not_be_read_is_named_and_the_answer_goes_on(
    stage: Stage, piece: str, gap: str
) -> None:
    stage.airflow.faults.forbidden.add(piece)
    said = shown(await answered(stage))
    assert "Not seen:" in said
    assert gap in said.split("Not seen:")[1].lower()
    assert "not permitted" in said
