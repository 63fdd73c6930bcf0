"""What people see in Slack when they use the command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.questions import Intent
from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, GENERAL_CHANNEL, PRIVATE_CHANNEL, SUPPORT_CHANNEL
from tests.slack.doubles import ScriptedAnswers, always
from tests.slack.driver import by_bot, words
from tests.slack.replies import CODE, EXPLAINED, HEALTH, HELP
from tests.slack.running import RunningBot
from tests.waiting import until


async def test_a_command_opens_a_thread_in_which_follow_ups_are_heard(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    outcome = await ws.command("/airflow", "why orders_daily", SUPPORT_CHANNEL, AUTHOR.id)
    assert outcome.taken
    await connected.idle()
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert answer.thread_ts is None
    assert "/airflow why orders_daily" in words(answer)
    assert AUTHOR.id in words(answer)
    assert answers.asked[0].intent is Intent.DIAGNOSE
    assert answers.asked[0].thread.thread == answer.ts
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "and try 1?", answer.ts)
    await answers.until_asked(2)


@pytest.mark.parametrize("channel", [GENERAL_CHANNEL, PRIVATE_CHANNEL])
async def test_where_the_bot_is_no_member_the_command_is_answered_in_private(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, channel: str
) -> None:
    answers.script = always(HEALTH)
    members = ws.state.channels[channel].members - {ws.bot_user_id}
    asker = sorted(members)[0]
    if ws.bot_user_id in ws.state.channels[channel].members:
        ws.actors.remove_app(channel, asker)
        # What it was told there is forgotten, and Slack's word of it may come late.
        await until(lambda: any("channel gone" in key for key in connected.engine.deliveries))
        await connected.idle()
    await ws.command("/airflow", "health", channel, asker)
    await connected.idle()
    looking, answer = ws.ephemerals(asker)
    assert "no member of this channel" in looking.text
    assert "Airflow is not well" in answer.text
    assert by_bot(ws, channel) == []


async def test_a_private_answer_gets_the_models_words_as_an_addition(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE, replace(CODE, explanation=EXPLAINED))
    await ws.command("/airflow", "why orders_daily", GENERAL_CHANNEL, AUTHOR.id)
    await connected.idle()
    _, answer, addition = ws.ephemerals(AUTHOR.id)
    assert "KeyError" in words(answer)
    assert "The upstream export renamed" in words(addition)
    assert "KeyError" not in words(addition)


async def test_a_private_answer_that_was_amended_is_told_anew(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    amended = replace(CODE, what_happened="The log, read to its end, tells another story.")
    answers.script = always(CODE, amended)
    await ws.command("/airflow", "why orders_daily", GENERAL_CHANNEL, AUTHOR.id)
    await connected.idle()
    *_, last = ws.ephemerals(AUTHOR.id)
    assert "another story" in words(last)


async def test_a_question_in_words_is_answered_to_its_asker(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    await ws.command("/airflow", "What failed last night?", SUPPORT_CHANNEL, AUTHOR.id)
    await connected.idle()
    (asked,) = answers.asked
    assert (asked.text, asked.intent) == ("What failed last night?", None)
    (answer,) = ws.ephemerals(AUTHOR.id)
    assert "KeyError" in words(answer)
    assert by_bot(ws, SUPPORT_CHANNEL) == []


async def test_a_word_that_is_no_command_is_said_to_be_none(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(HELP)
    await ws.command("/airflow", "Xyzzy", SUPPORT_CHANNEL, AUTHOR.id)
    await connected.idle()
    (answer,) = ws.ephemerals(AUTHOR.id)
    assert "“Xyzzy” is none of my commands." in words(answer)


@pytest.mark.parametrize("text", ["help", "", "explode everything"])
async def test_help_is_for_the_one_who_asked(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, text: str
) -> None:
    answers.script = always(HELP)
    await ws.command("/airflow", text, SUPPORT_CHANNEL, AUTHOR.id)
    await connected.idle()
    (answer,) = ws.ephemerals(AUTHOR.id)
    assert "tell you why" in answer.text
    assert by_bot(ws, SUPPORT_CHANNEL) == []
