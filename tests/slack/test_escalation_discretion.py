"""An escalation keeps no words, and no name, of whoever wants nothing kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.conversations import Rating, Score
from bot.domain.escalation_rules import ASKED_FOR
from bot.domain.escalations import Deed, Kind
from bot.domain.questions import Asker
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR
from bot.services.discretion import without_words
from bot.services.escalation_calls import Caller
from bot.slack.config import SlackConfig
from tests.fakes.turns import question, turn
from tests.slack.asking import mention
from tests.slack.doubles import NOW, MemoryRecords, always
from tests.slack.driver import words
from tests.slack.escalating import CallingBot, card_of, running, status_of
from tests.slack.replies import CODE

ASKED = "why, said in secret words?"


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> AsyncIterator[CallingBot]:
    async with running(ws, config, records) as bot:
        yield bot


async def asked(ws: LocalWorkspace, bot: CallingBot, text: str = ASKED) -> Message:
    said = await mention(ws, text)
    await ws.wait_for_reply(said)
    await bot.engine.pass_time(0)
    return said


@pytest.mark.parametrize("text", [ASKED, "get me a human, secret words"])
async def test_of_whoever_wants_nothing_kept_it_has_no_words_and_no_name(
    ws: LocalWorkspace, bot: CallingBot, text: str
) -> None:
    await bot.preferences.set_keeping(ws.team_id, AUTHOR.id, False)
    said = await asked(ws, bot, text)
    escalation = await bot.only()
    assert escalation.subject.question == ""
    assert "secret words" not in words(card_of(ws))
    (party,) = await bot.escalations.parties(escalation.id)
    assert party.user_id == ""
    assert "nobody has acknowledged it yet" in status_of(ws, said)


async def test_pressing_the_button_leaves_no_name_of_them_either(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await bot.preferences.set_keeping(ws.team_id, AUTHOR.id, False)
    bot.calling_answers.script = always(CODE)
    said = await asked(ws, bot)
    await ws.press(ws.replies(said)[0], "ask_human", AUTHOR.id)
    await bot.engine.pass_time(0)
    escalation = await bot.only()
    (party,) = await bot.escalations.parties(escalation.id)
    (opened,) = await bot.escalations.deeds(escalation.id, limit=1)
    assert (escalation.subject.question, party.user_id, opened.deed.by) == ("", "", "")
    assert "A human was called" in status_of(ws, said)


async def test_asked_in_private_it_has_their_name_until_they_were_told_of_its_end(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await bot.preferences.set_keeping(ws.team_id, AUTHOR.id, False)
    said = await ws.say_directly(AUTHOR.id, ASKED)
    await ws.wait_for_reply(said)
    await bot.engine.pass_time(0)
    escalation = await bot.only()
    (opened,) = await bot.escalations.deeds(escalation.id, limit=1)
    (party,) = await bot.escalations.parties(escalation.id)
    assert (opened.deed.by, party.user_id) == ("", AUTHOR.id)
    resolved = Deed("d1", Kind.RESOLVED, bot.engine.now(), by="U9")
    await bot.escalator.do(escalation.id, resolved)
    await bot.engine.pass_time(0)
    assert "Resolved" in " ".join(words(one) for one in ws.replies(said))
    (party,) = await bot.escalations.parties(escalation.id)
    assert party.user_id == ""


async def test_switched_off_later_the_names_of_before_go_too(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await asked(ws, bot)
    escalation = await bot.only()
    (party,) = await bot.escalations.parties(escalation.id)
    assert party.user_id == AUTHOR.id
    ws.actors.open_app_home(AUTHOR.id)
    home = await ws.wait_for(lambda: ws.home(AUTHOR.id))
    await bot.idle()
    await ws.actors.act_in_view(home.id, "keeping")
    await bot.engine.pass_time(0)
    (party,) = await bot.escalations.parties(escalation.id)
    (opened,) = await bot.escalations.deeds(escalation.id, limit=1)
    assert (party.user_id, opened.deed.by) == ("", "")


@pytest.mark.parametrize("where", [{"is_shared": True}, {"asker": Asker("U2", "T2", True)}])
def test_words_that_others_read_along_are_not_kept_in_it(where: dict[str, Any]) -> None:
    whole = turn(asked=replace(question(), **where))
    called = Caller().for_turn("key", whole, ASKED_FOR, NOW, None)
    assert called.subject.question == ""


async def test_a_thread_whose_asker_was_not_kept_is_told_all_the_same(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    bot.calling_answers.script = always(CODE)
    said = await asked(ws, bot)
    (kept,) = bot.records.turns.values()
    nameless = replace(without_words(kept.question), asker=Asker(""))
    bot.records.turns[kept.id] = replace(kept, question=nameless)
    for user in ("U1", "U2"):
        await bot.records.rate(Rating(kept.id, user, Score.DOWN, NOW))
    await bot.escalator.rated(Rating(kept.id, "U2", Score.DOWN, NOW))
    await bot.engine.pass_time(0)
    assert "nobody has acknowledged it yet" in status_of(ws, said)
