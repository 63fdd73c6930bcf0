"""A human is called by the whole bot, with PagerDuty's server on loopback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.adapters.sql.escalation_reads import EscalationReads
from bot.domain.escalations import State
from bot.playground.workspace import Message
from bot.playground.workspace.world import ONCALL, ONCALL_CHANNEL
from tests.end_to_end.conftest import Stage, bot_between, shown
from tests.fakes.pagerduty import BOT, POLICY, SERVICE, TOKEN, PagerDutyFake, Shift, User
from tests.slack.escalating import action
from tests.waiting import until
from tests.workflows.escalating import now

DANA = User("PDANA", "Dana", "dana@example.com")
SENDER = User("PBOT", "Airflow Support", BOT)


def settings(pager: PagerDutyFake) -> dict[str, Any]:
    pagerduty = {
        "from_email": BOT,
        "service": SERVICE,
        "escalation_policy": POLICY,
        "api_url": pager.api_url,
        "slack_users": {DANA.email: ONCALL.id},
    }
    return {
        "escalation": {"channel": ONCALL_CHANNEL, "owners": {"data": ONCALL.id}},
        "on_call": {"pagerduty": pagerduty},
    }


async def card_of(stage: Stage, holding: str) -> Message:
    def look() -> Message | None:
        cards = (one for one in stage.ws.messages(ONCALL_CHANNEL) if one.bot_id)
        return next((one for one in cards if holding in shown(one)), None)

    return await stage.ws.wait_for(look)


async def test_a_human_is_paged_acknowledges_and_is_heard(tmp_path: Path) -> None:
    async with PagerDutyFake(users=[DANA, SENDER], shifts=[Shift(DANA)]) as pager:
        environ = {"AIRFLOW_BOT_ON_CALL__PAGERDUTY__TOKEN": TOKEN}
        more = settings(pager)
        async with bot_between(tmp_path, ["pipeline_62808"], more=more, environ=environ) as stage:
            checks = {check.name: check.status.value for check in await stage.parts.doctor()}
            assert checks[f"channel {ONCALL_CHANNEL}"] == "ok"
            assert checks["owners of Dags"] == "ok"
            assert checks["escalation policy"] == "ok"

            asked = await stage.ask("get me a human")
            card = await card_of(stage, "Paged level 1 (Dana)")
            assert "https://example.pagerduty.com/incidents/Q000001" in shown(card)
            assert pager.called == ["PDANA"]
            await stage.ws.press(card, action(card, "escalation_acknowledge"), ONCALL.id)
            await stage.card(asked, "Somebody is on it")
            await until(lambda: pager.incidents["Q000001"]["status"] == "acknowledged")
            await stage.ws.say(ONCALL_CHANNEL, ONCALL.id, "which Dag is it?", card.ts)
            await stage.card(asked, "which Dag is it?")

            reads = EscalationReads(stage.parts.database, now)
            (escalation,) = await reads.list()
            assert (escalation.state, escalation.responder) == (State.ACKNOWLEDGED, ONCALL.id)
