"""A channel's settings, opened and saved by those who may, through the real app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from bot.domain.access import Rules
from bot.domain.audit import Outcome
from bot.domain.channel_policies import ChannelPolicy, PolicyKey, QuietHours
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.changes import ViewShown
from bot.playground.workspace.values import View
from bot.playground.workspace.world import AUTHOR, ONCALL, PLATFORM, SUPPORT_CHANNEL, TEAM_ID
from bot.services.access import Access
from bot.services.channel_managers import ChannelManagers
from bot.slack.app import Services
from bot.slack.belonging import SlackBelonging
from bot.slack.config import SlackConfig
from bot.slack.settings_desk import SettingsDesk
from bot.slack.settings_form import Field
from tests.slack.doubles import NOW, MemoryRecords, ScriptedAnswers
from tests.slack.driver import by_bot, words
from tests.slack.running import RunningBot

HERE = PolicyKey(TEAM_ID, SUPPORT_CHANNEL)
QUIET = QuietHours("Europe/Berlin", 22 * 60, 7 * 60, (0, 1, 2, 3, 4))


@dataclass
class SettledBot(RunningBot):
    """With settings for channels, which outlive the process."""

    @property
    def services(self) -> Services:
        plain = super().services
        directory = SlackBelonging(self.config)
        access = Access(Rules(), {}, now=lambda: NOW, audit=self.policies.audit)
        managers = ChannelManagers(access, directory, [])
        settings = SettingsDesk(self.policies, managers, access, ("prod", "dev"), lambda: NOW)
        assert plain.taking_in is not None
        assert plain.working is not None
        return replace(
            plain,
            taking_in=replace(plain.taking_in, settings=settings),
            working=replace(plain.working, settings=settings),
        )


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, answers: ScriptedAnswers, records: MemoryRecords
) -> AsyncIterator[SettledBot]:
    bot = SettledBot(replace(config, overhears=True), answers, records)
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()
    yield bot
    await bot.engine.stop()
    await bot.stop()


FILLED = {
    Field.WAIT: "15",
    Field.PRIVACY: "private",
    Field.CLUSTER: "dev",
    Field.DAGS: "team_a_*, orders",
    Field.LANGUAGE: "de",
    Field.FROM: "22:00",
    Field.TO: "07:00",
    Field.DAYS: ["0", "1", "2", "3", "4"],
    Field.ZONE: "Europe/Berlin",
}


def filled(**changed: object) -> dict[str, dict[str, object]]:
    values = {**{field.name: value for field, value in FILLED.items()}, **changed}
    return {Field[name].value: {Field[name].value: value} for name, value in values.items()}


async def opened(ws: LocalWorkspace, person: str) -> View:
    await ws.command("/airflow", "settings", SUPPORT_CHANNEL, person)
    return await ws.wait_for(lambda: next(iter(ws.modals(person)), None))


async def test_a_manager_changes_what_the_bot_does(ws: LocalWorkspace, bot: SettledBot) -> None:
    view = await opened(ws, PLATFORM.id)
    await ws.submit(view, filled())
    await bot.idle()
    wanted = ChannelPolicy(15, True, "dev", ("team_a_*", "orders"), QUIET, "de", 1)
    assert await bot.policies.policy(HERE) == wanted
    (entry,) = bot.policies.audit.kept.values()
    assert (entry.user_id, entry.action, entry.rule) == (PLATFORM.id, "settings", "workspace admin")
    assert "Gespeichert" in words(ws.ephemerals(PLATFORM.id)[-1])
    again = await opened(ws, PLATFORM.id)
    assert "team_a_*, orders" in str(again.definition)


@pytest.mark.parametrize("length", [21, 145])
async def test_patterns_come_back_whole_however_they_were_typed(
    ws: LocalWorkspace, bot: SettledBot, length: int
) -> None:
    patterns = tuple(f"team_{n:02}_{'x' * (length - 8)}" for n in range(20))
    view = await opened(ws, PLATFORM.id)
    await ws.submit(view, filled(DAGS=" ".join(patterns)))
    await bot.idle()
    again = await opened(ws, PLATFORM.id)
    (begun,) = (
        one["element"] for one in again.definition["blocks"] if one["block_id"] == "set_dags"
    )
    assert len(begun["initial_value"]) <= begun["max_length"]
    await ws.submit(again, filled(DAGS=begun["initial_value"]))
    await bot.idle()
    kept = await bot.policies.policy(HERE)
    assert (kept.dags, kept.version) == (patterns, 2)


async def test_others_read_it_and_learn_who_may_change_it(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    view = await opened(ws, AUTHOR.id)
    assert "submit" not in view.definition
    assert "admins and owners" in str(view.definition["blocks"])
    assert by_bot(ws, SUPPORT_CHANNEL) == []


async def test_of_two_who_save_at_once_the_second_is_told(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    first, second = await opened(ws, PLATFORM.id), None
    await ws.command("/airflow", "settings", SUPPORT_CHANNEL, PLATFORM.id)
    second = await ws.wait_for(lambda: next(v for v in ws.modals(PLATFORM.id) if v != first))
    await ws.submit(second, filled(WAIT="30"))
    await bot.idle()
    await ws.submit(first, filled(WAIT="60"))
    await bot.idle()
    assert (await bot.policies.policy(HERE)).answers_after == 30
    assert "nicht gespeichert" in words(ws.ephemerals(PLATFORM.id)[-1])


@pytest.mark.parametrize(
    ("changed", "at"),
    [
        ({"ZONE": "Mars/Base"}, Field.ZONE),
        ({"DAGS": "a; drop"}, Field.DAGS),
        ({"DAYS": []}, Field.DAYS),
    ],
)
async def test_what_cannot_be_is_said_at_its_place(
    ws: LocalWorkspace, bot: SettledBot, changed: dict[str, object], at: Field
) -> None:
    view = await opened(ws, PLATFORM.id)
    await ws.submit(view, filled(**changed))
    (still,) = ws.modals(PLATFORM.id)
    assert set(still.errors or {}) == {at.value}
    assert bot.policies.kept == {}


async def test_one_who_may_not_is_refused_even_with_a_form(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    """As where somebody was a manager when they opened it."""
    view = await opened(ws, PLATFORM.id)
    ws.hub.commit(ViewShown(replace(view, user=AUTHOR.id)))
    (forged,) = ws.modals(AUTHOR.id)
    await ws.submit(forged, filled())
    await bot.idle()
    assert bot.policies.kept == {}
    (entry,) = bot.policies.audit.kept.values()
    assert (entry.user_id, entry.outcome) == (AUTHOR.id, Outcome.DENIED)
    assert "may not change" in words(ws.ephemerals(AUTHOR.id)[-1])


async def test_an_unanswered_question_is_answered_with_the_reason(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    bot.policies.kept[HERE] = ChannelPolicy(answers_after=15, version=1)
    asked = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "anyone know why dag orders_daily failed?")
    reply = await ws.wait_for_reply(asked)
    await bot.idle()
    assert "Nobody answered this for 15 minutes" in words(ws.current(reply))
    assert 900.0 in bot.engine.delays


async def test_one_that_a_person_answered_is_left_alone(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    bot.policies.kept[HERE] = ChannelPolicy(answers_after=15, version=1)
    let_go = bot.engine.hold()
    asked = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why did the dag orders_daily fail today?")
    await ws.say(SUPPORT_CHANNEL, ONCALL.id, "looking", asked.ts)
    let_go.set()
    await bot.idle()
    assert by_bot(ws, SUPPORT_CHANNEL) == []


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (ChannelPolicy(), "why did the dag orders_daily fail today?"),
        (ChannelPolicy(answers_after=5, version=1), "lunch at the new place, anyone?"),
    ],
)
async def test_by_default_and_for_other_talk_nothing_is_said(
    ws: LocalWorkspace, bot: SettledBot, policy: ChannelPolicy, said: str
) -> None:
    bot.policies.kept[HERE] = policy
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, said)
    await bot.idle()
    assert by_bot(ws, SUPPORT_CHANNEL) == []
    assert said not in str(bot.engine.jobs)
