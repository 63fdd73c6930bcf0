"""Who reads what in which language, from the question to the last word on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.channel_policies import ChannelPolicy, PolicyKey
from bot.domain.errors import StoreError
from bot.playground.workspace import InstalledApp, LocalWorkspace, World
from bot.playground.workspace.faults import Fault, FaultKind
from bot.playground.workspace.world import (
    AUTHOR,
    ONCALL,
    ONCALL_CHANNEL,
    PLATFORM,
    SUPPORT_CHANNEL,
)
from bot.services.languages import Languages
from bot.slack.config import SlackConfig
from bot.slack.manifest import manifest
from bot.slack.surfaces import all_surfaces
from tests.services.guarded import MemoryPolicies
from tests.slack.asking import answered, mention
from tests.slack.doubles import MemoryRecords, ScriptedAnswers, always
from tests.slack.driver import words
from tests.slack.replies import CODE, UNSUPPORTED
from tests.slack.test_channel_settings import SettledBot

GERMAN = replace(AUTHOR, locale="de-DE")
FRENCH = replace(ONCALL, locale="fr-FR")


@pytest.fixture
async def ws() -> AsyncIterator[LocalWorkspace]:
    app = InstalledApp.from_manifest(manifest(all_surfaces()))
    world = World(app=app, people=(GERMAN, FRENCH, PLATFORM))
    async with LocalWorkspace.started(world) as workspace:
        yield workspace


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, answers: ScriptedAnswers, records: MemoryRecords
) -> AsyncIterator[SettledBot]:
    answers.script = always(CODE)
    bot = SettledBot(config, answers, records)
    key = PolicyKey(ws.team_id, SUPPORT_CHANNEL)
    bot.policies.kept[key] = ChannelPolicy(language="de", version=1)
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()
    yield bot
    await bot.engine.stop()
    await bot.stop()


async def test_an_answer_is_in_the_language_of_its_channel(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    here = await answered(ws, bot, await mention(ws))
    there = await answered(ws, bot, await mention(ws, channel=ONCALL_CHANNEL))
    assert "Dein Code" in words(here)
    assert "Dein Code" in here.text
    assert "Your code" in words(there)


async def test_signs_of_work_are_in_the_language_of_the_channel(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    await answered(ws, bot, await mention(ws))
    shown = ws.calls("assistant.threads.setStatus")[0].arguments
    assert shown["status"] == "sieht nach …"
    assert "Ich sehe nach …" in str(shown["loading_messages"])


async def test_direct_messages_are_in_the_language_that_somebody_has_set(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    in_german = await answered(ws, bot, await ws.say_directly(GERMAN.id, "why did orders fail?"))
    unknown = await answered(ws, bot, await ws.say_directly(FRENCH.id, "why did orders fail?"))
    assert "Dein Code" in words(in_german)
    assert "Your code" in words(unknown)


async def test_where_slack_does_not_say_what_somebody_has_set_they_are_told_in_english(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "users.info", times=99, error="missing_scope"))
    card = await answered(ws, bot, await ws.say_directly(GERMAN.id, "why did orders fail?"))
    assert "Your code" in words(card)


async def test_a_form_opens_in_the_language_of_the_channel_that_it_was_asked_for_in(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    await ws.command("/airflow", "why", SUPPORT_CHANNEL, FRENCH.id)
    (form,) = await ws.wait_for(lambda: ws.modals(FRENCH.id))
    assert form.definition["title"]["text"] == "Zu Airflow fragen"
    errors = await ws.submit(form, {})
    assert "Wähl einen Dag" in str(errors)


async def test_a_form_of_no_channel_opens_in_the_language_of_whoever_asked_for_it(
    ws: LocalWorkspace, bot: SettledBot
) -> None:
    await ws.shortcut("ask_about_airflow", GERMAN.id)
    (form,) = await ws.wait_for(lambda: ws.modals(GERMAN.id))
    assert form.definition["submit"]["text"] == "Fragen"


async def test_a_word_that_is_no_command_is_said_to_be_none_in_the_channels_language(
    ws: LocalWorkspace, bot: SettledBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(UNSUPPORTED)
    await ws.command("/airflow", "helpp", SUPPORT_CHANNEL, FRENCH.id)
    said = await ws.wait_for(lambda: ws.ephemerals(FRENCH.id))
    assert "„helpp“ ist keiner meiner Befehle; help schon." in words(said[-1])


async def test_the_language_that_was_chosen_at_posting_stays(
    ws: LocalWorkspace, bot: SettledBot, answers: ScriptedAnswers
) -> None:
    """Also where the channel changes it while an answer is refined."""

    key = PolicyKey(ws.team_id, SUPPORT_CHANNEL)
    asked = await mention(ws)
    card = await answered(ws, bot, asked)
    bot.policies.kept[key] = ChannelPolicy(language="en", version=2)
    before = len(ws.calls("chat.update"))
    await bot.start()  # another process takes up what is left
    await bot.idle()
    assert len(ws.calls("chat.update")) == before
    assert "Dein Code" in words(ws.current(card))


class Broken(MemoryPolicies):
    async def policy(self, key: PolicyKey) -> ChannelPolicy:
        raise StoreError("the database is away")


async def test_without_the_database_english_is_spoken() -> None:
    assert await Languages(Broken()).of("T1", "C1", "U1") == "en"
    assert await Languages().of("T1", "C1", "U1") == "en"
