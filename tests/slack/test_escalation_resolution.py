"""What was true of a case: said once, by whoever is quickest, and corrected in the open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.domain.escalations import Deed, Kind, State, WasRight
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.state import View
from bot.playground.workspace.world import AUTHOR, ONCALL, PLATFORM
from bot.slack.config import SlackConfig
from tests.slack.asking import mention
from tests.slack.doubles import MemoryRecords, always
from tests.slack.driver import words
from tests.slack.escalating import CallingBot, action, card_of, offers, running, status_of
from tests.slack.replies import CAPACITY


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> AsyncIterator[CallingBot]:
    async with running(ws, config, records) as bot:
        yield bot


async def asked(ws: LocalWorkspace, bot: CallingBot) -> Message:
    question = await mention(ws, "why did it fail?")
    await ws.wait_for_reply(question)
    await bot.engine.pass_time(0)
    return question


async def form_of(ws: LocalWorkspace, bot: CallingBot, name: str, user: str) -> View:
    card = card_of(ws)
    await ws.press(card, action(card, f"escalation_{name}"), user)
    await bot.idle()
    return ws.modals(user)[-1]


async def send(
    ws: LocalWorkspace, bot: CallingBot, form: View, was_wrong: str, was: str = "no"
) -> None:
    said = {
        "was_wrong": {"was_wrong": was_wrong},
        "fixed_by": {"fixed_by": f"Fixed {was_wrong}"},
        "bot_was": {"bot_was": was},
    }
    await ws.submit(form, said)
    await bot.idle()


async def test_of_two_who_resolve_at_once_the_first_counts_and_no_word_of_the_other_is_lost(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await asked(ws, bot)
    first = await form_of(ws, bot, "resolve", ONCALL.id)
    second = await form_of(ws, bot, "resolve", PLATFORM.id)
    await send(ws, bot, first, "a leak")
    await send(ws, bot, second, "a full disk")

    truth = await bot.escalations.truth((await bot.only()).id)
    assert truth is not None
    assert (truth.by, truth.was_wrong) == (ONCALL.id, "a leak")
    (told,) = ws.ephemerals(PLATFORM.id)
    assert "quicker" in words(told)
    assert "a full disk" in words(told)
    assert "a leak" in status_of(ws, question)


async def test_what_was_said_to_be_true_is_corrected_for_everybody(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await asked(ws, bot)
    await send(ws, bot, await form_of(ws, bot, "resolve", ONCALL.id), "a leak")
    assert offers(card_of(ws)) == {"reopen", "correct"}
    await send(ws, bot, await form_of(ws, bot, "correct", PLATFORM.id), "a full disk")

    escalation = await bot.only()
    assert escalation.state is State.RESOLVED
    for said in (words(card_of(ws)), status_of(ws, question)):
        assert "a full disk" in said
        assert "a leak" not in said
    assert len(ws.files()) == 2


async def test_what_was_resolved_elsewhere_asks_what_was_true(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await asked(ws, bot)
    escalation = await bot.only()
    await bot.escalations.do(escalation.id, Deed("pager", Kind.RESOLVED, bot.engine.now(), "Dana"))
    await bot.idle()
    assert "Say what was true" in words(card_of(ws))
    await send(ws, bot, await form_of(ws, bot, "correct", ONCALL.id), "a leak")

    assert "a leak" in words(card_of(ws))


async def test_where_the_bot_was_right_its_cause_is_the_truth_and_no_draft_is_made(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    sure = replace(CAPACITY, verdict=replace(CAPACITY.verdict, confidence=0.3))
    bot.calling_answers.script = always(sure)
    await asked(ws, bot)
    await send(ws, bot, await form_of(ws, bot, "resolve", ONCALL.id), "memory", "yes")

    truth = await bot.escalations.truth((await bot.only()).id)
    assert truth is not None
    assert (truth.cause, truth.bot) == ("oom_killed", WasRight.YES)
    assert ws.files() == []


async def test_no_draft_is_made_of_the_words_of_somebody_who_wants_none_kept(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await bot.preferences.set_keeping(ws.team_id, ONCALL.id, keeps=False)
    await asked(ws, bot)
    await send(ws, bot, await form_of(ws, bot, "resolve", ONCALL.id), "a leak")
    assert ws.files() == []


async def test_resolved_opened_again_and_resolved_the_last_word_counts(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await asked(ws, bot)
    await send(ws, bot, await form_of(ws, bot, "resolve", ONCALL.id), "a leak")
    card = card_of(ws)
    await ws.press(card, action(card, "escalation_reopen"), AUTHOR.id)
    await bot.engine.pass_time(0)
    assert "a leak" not in status_of(ws, question)
    await send(ws, bot, await form_of(ws, bot, "resolve", PLATFORM.id), "a full disk")

    assert "a full disk" in status_of(ws, question)
    assert (await bot.only()).state is State.RESOLVED


async def test_a_form_that_is_closed_changes_nothing_and_can_be_opened_again(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await asked(ws, bot)
    form = await form_of(ws, bot, "resolve", ONCALL.id)
    await ws.actors.close_view(form.id)
    await bot.idle()

    assert (await bot.only()).state is State.OPEN
    await send(ws, bot, await form_of(ws, bot, "resolve", ONCALL.id), "a leak")
    assert (await bot.only()).state is State.RESOLVED


async def test_a_press_that_came_too_late_for_a_form_is_told_so(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await asked(ws, bot)
    ws.faults.add(Fault(FaultKind.REFUSE, "views.open", error="expired_trigger_id"))
    card = card_of(ws)
    await ws.press(card, action(card, "escalation_resolve"), ONCALL.id)
    await bot.idle()

    (told,) = ws.ephemerals(ONCALL.id)
    assert "press the button again" in words(told)
