"""Who may see what, with the whole bot between a recorded Airflow and a local workspace."""

from __future__ import annotations

from pathlib import Path

from bot.domain.audit import AuditQuery, Outcome
from bot.domain.channel_policies import ChannelPolicy, PolicyKey
from bot.playground.workspace import Message
from bot.slack.presses import Press
from tests.end_to_end.asking import FAILED, RIGHT, WHY, at_rest
from tests.end_to_end.conftest import Stage, bot_between, shown

SITUATION = "pipeline_62808"
OWN = {"access": {"rules": [{"users": ["U0AUTHOR01"]}], "contact": "the platform team"}}
NOBODYS = {"access": {"rules": [{"users": ["U0NOBODY1"]}], "contact": "the platform team"}}


async def whispered(stage: Stage, holding: str) -> Message:
    """What only the asker sees and that holds some words."""

    def look() -> Message | None:
        found = stage.ws.ephemerals(stage.asker)
        return next((one for one in found if holding in shown(one)), None)

    return await stage.ws.wait_for(look)


async def test_what_others_may_not_see_is_whispered_and_cannot_be_shared(tmp_path: Path) -> None:
    async with bot_between(tmp_path, [SITUATION], more=OWN) as stage:
        asked = await stage.ask(WHY)
        card = await whispered(stage, RIGHT)
        await at_rest(stage)
        assert stage.answers(asked) == []
        assert Press.SHARE not in shown(card)
        evidence = await _pressed(stage, card, Press.EVIDENCE, stage.asker)
        assert RIGHT in evidence or "Ruled out" in evidence or "evidence" in evidence.lower()
        other = stage.ws.hub.world.people[1].id
        assert "cannot show you" in await _pressed(stage, card, Press.EVIDENCE, other)
        (denied,) = await stage.parts.audit.entries(AuditQuery(outcome=Outcome.DENIED))
        assert (denied.user_id, denied.target and denied.target.dag_id) == (other, FAILED)


async def _pressed(stage: Stage, card: Message, press: Press, user: str) -> str:
    before = len(stage.ws.ephemerals(user))
    await stage.ws.press(card, press.value, user)
    await stage.ws.wait_for(lambda: len(stage.ws.ephemerals(user)) > before or None)
    return shown(stage.ws.ephemerals(user)[-1])


async def test_nothing_of_a_hidden_dag_leaves_the_bot(tmp_path: Path) -> None:
    async with bot_between(tmp_path, [SITUATION], more=NOBODYS) as stage:
        asked = await stage.ask("what failed lately?")
        await stage.card(asked, "Ref")
        named = await stage.ask(WHY)
        reply = await stage.card(named, "Ref")
        assert "the platform team" in shown(reply)
        await stage.ws.command("/airflow", "status pipeline", stage.channel, stage.asker)
        await at_rest(stage)
        for message in (*stage.answers(asked), *stage.ws.ephemerals(stage.asker)):
            assert FAILED not in shown(message)
        assert "VARIABLE" not in stage.sent()


async def test_a_private_answer_is_shared_once_in_the_channels_language(tmp_path: Path) -> None:
    async with bot_between(tmp_path, [SITUATION]) as stage:
        here = PolicyKey(stage.ws.team_id, stage.channel)
        entry = await _entry(stage)
        policy = ChannelPolicy(is_private=True, language="de", version=1)
        assert await stage.parts.policies.save(here, policy, entry)
        asked = await stage.ask(WHY)
        card = await whispered(stage, "Eine Airflow-Variable gibt es nicht")
        assert "Dein Code" in shown(card)
        assert stage.answers(asked) == []
        for _ in range(2):
            await stage.ws.press(card, Press.SHARE.value, stage.asker)
        shared = await stage.ws.wait_for_reply(asked)
        await at_rest(stage)
        assert len(stage.answers(asked)) == 1
        assert "Eine Airflow-Variable gibt es nicht" in shown(shared)
        assert "hat diese Antwort geteilt" in shown(shared)
        kept = await stage.parts.audit.entries(AuditQuery(action="share"))
        assert {one.outcome for one in kept} == {Outcome.ALLOWED}


async def _entry(stage: Stage):  # type: ignore[no-untyped-def]
    from datetime import UTC, datetime

    from bot.domain.audit import AuditEntry

    now = datetime.now(UTC)
    team = stage.ws.team_id
    return AuditEntry("k", now, "U1", team, stage.channel, "settings", Outcome.ALLOWED)
