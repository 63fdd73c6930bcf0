"""Whoever asked sees where it stands: in private, in direct messages, and as the second to ask."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.faults import Fault, FaultKind
from bot.playground.workspace.world import AUTHOR, ONCALL, ONCALL_CHANNEL, SUPPORT_CHANNEL
from bot.slack.config import SlackConfig
from tests.slack.asking import mention
from tests.slack.doubles import MemoryRecords
from tests.slack.driver import by_bot, words
from tests.slack.escalating import CallingBot, action, card_of, running, status_of
from tests.waiting import until


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> AsyncIterator[CallingBot]:
    async with running(ws, config, records) as bot:
        yield bot


async def until_quiet(ws: LocalWorkspace, bot: CallingBot) -> None:
    async def has_arrived() -> bool:
        return ws.dispatcher.under_way == 0

    await until(has_arrived, "the end of all deliveries")
    await bot.engine.pass_time(0)


async def press(ws: LocalWorkspace, bot: CallingBot, name: str) -> None:
    card = card_of(ws)
    await ws.press(card, action(card, f"escalation_{name}"), ONCALL.id)
    await until_quiet(ws, bot)


def direct(ws: LocalWorkspace) -> list[Message]:
    """What the bot has told the asker in direct messages."""
    channel = ws.hub.open_direct(AUTHOR.id).id
    return by_bot(ws, channel)


async def ask_in_private(ws: LocalWorkspace, bot: CallingBot) -> None:
    bot.is_discreet = True
    await ws.command("/airflow", "escalate the pool is full", SUPPORT_CHANNEL, AUTHOR.id)
    await until_quiet(ws, bot)


async def test_who_asked_in_private_is_told_in_direct_messages_and_heard_there(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await ask_in_private(ws, bot)
    (told,) = direct(ws)
    assert "nobody has acknowledged it yet" in words(told)
    assert "My direct message to you" in words(ws.ephemerals(AUTHOR.id)[-1])
    assert by_bot(ws, SUPPORT_CHANNEL) == []

    await press(ws, bot, "acknowledge")
    (told,) = direct(ws)
    assert "Somebody is on it" in words(told)
    await ws.say_directly(AUTHOR.id, "it is the backfill pool", told.ts)
    await ws.say(ONCALL_CHANNEL, ONCALL.id, "thanks", card_of(ws).ts)
    await until_quiet(ws, bot)
    assert "the backfill pool" in "".join(words(one) for one in ws.replies(card_of(ws)))
    carried = [one for one in direct(ws) if one.thread_ts == told.ts]
    assert ["thanks" in words(one) for one in carried] == [True]


async def test_two_private_questions_of_one_person_are_two_cases_told_apart(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await ask_in_private(ws, bot)
    await ask_in_private(ws, bot)

    assert len(await bot.escalations.list()) == 2
    assert len(direct(ws)) == 2


async def test_who_cannot_be_written_to_keeps_nobody_from_being_called(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "conversations.open", None, error="cannot_dm_bot"))
    await ask_in_private(ws, bot)

    assert "the pool is full" in words(card_of(ws))
    assert direct(ws) == []


async def test_in_direct_messages_the_status_stands_in_the_thread_and_words_are_carried(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await ws.say_directly(AUTHOR.id, "get me a human")
    await until_quiet(ws, bot)
    await press(ws, bot, "acknowledge")
    assert "Somebody is on it" in status_of(ws, question)
    assert "/archives/D" not in words(card_of(ws))

    before = len(direct(ws))
    await ws.say_directly(AUTHOR.id, "it is about orders", question.ts)
    await until_quiet(ws, bot)
    assert "it is about orders" in words(ws.replies(card_of(ws))[-1])
    assert len(direct(ws)) == before


async def test_the_second_to_ask_in_a_thread_is_shown_the_message_that_tells(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await mention(ws, "get me a human")
    await until_quiet(ws, bot)
    again = await mention(ws, "a human please", thread_ts=question.ts)
    await until_quiet(ws, bot)
    await press(ws, bot, "acknowledge")

    told = [words(one) for one in ws.replies(question) if one.bot_id and one.ts != again.ts]
    assert ["Somebody is on it" in one for one in told if "💬" not in one] == [True, False]
    assert "My message above says where it stands" in told[-1]
