"""The word to stop, said outside any thread, through the real app in a local workspace."""

from __future__ import annotations

import pytest

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, ONCALL, SUPPORT_CHANNEL
from bot.slack.asking_form import Field
from bot.slack.parse_shortcut import ASK
from tests.slack.asking import mention
from tests.slack.doubles import Gate, ScriptedAnswers, always
from tests.slack.driver import by_bot, words
from tests.slack.replies import CODE, HELP
from tests.slack.running import RunningBot
from tests.waiting import until

STOPPED = "I have stopped what you asked here."


async def until_quiet(ws: LocalWorkspace, bot: RunningBot) -> None:
    async def has_arrived() -> bool:
        return ws.dispatcher.under_way == 0

    await until(has_arrived, "the end of all deliveries")
    await bot.idle()


@pytest.mark.parametrize("said", ["Stop!", "abbrechen", "never mind, thanks"])
async def test_the_word_alone_stops_all_that_was_asked_in_direct_messages(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, said: str
) -> None:
    answers.script = gate = Gate(CODE)
    for number in range(2):
        await ws.say_directly(AUTHOR.id, f"why did orders_{number} fail?")
    await gate.entered.wait()
    stop = await ws.say_directly(AUTHOR.id, said)
    await until_quiet(ws, connected)
    told = [words(one) for one in by_bot(ws, stop.channel)]
    assert sum("Stopped." in one for one in told) == 2
    (confirmed,) = ws.replies(stop)
    assert STOPPED in words(confirmed)
    answers.script = always(HELP)
    await ws.say_directly(AUTHOR.id, "and why did billing fail?")
    await until_quiet(ws, connected)
    assert answers.asked[-1].text == "and why did billing fail?"
    assert said not in [one.text for one in answers.asked]


async def test_where_nothing_is_under_way_in_direct_messages_stop_says_so(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(HELP)
    await ws.say_directly(AUTHOR.id, "what can you do?")
    await until_quiet(ws, connected)
    stop = await ws.say_directly(AUTHOR.id, "cancel that please")
    await until_quiet(ws, connected)
    (told,) = ws.replies(stop)
    assert "There is nothing to stop any more." in words(told)
    assert len(answers.asked) == 1
    ws.actors.delete(stop.channel, stop.ts, AUTHOR.id)
    await until_quiet(ws, connected)
    assert [one for one in by_bot(ws, stop.channel) if one.thread_ts == stop.ts] == []


async def test_what_was_asked_after_the_word_goes_on(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = gate = Gate(CODE)
    first = await ws.say_directly(AUTHOR.id, "why did orders_0 fail?")
    second = await ws.say_directly(AUTHOR.id, "why did orders_1 fail?")
    await gate.entered.wait()
    late = {"type": "message", "channel_type": "im", "channel": first.channel}
    late |= {"user": AUTHOR.id, "text": "stop", "ts": first.ts[:-1] + "9"}
    ws.dispatcher.send_event({**late, "event_ts": late["ts"]})
    await ws.wait_for(lambda: any("Stopped." in words(one) for one in ws.replies(first)))
    gate.let_go.set()
    await until_quiet(ws, connected)
    assert not any("Stopped." in words(one) for one in ws.replies(second))


async def test_in_a_channel_the_word_alone_stops_what_its_author_asked_there(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = gate = Gate(CODE)
    mine = await mention(ws)
    theirs = await ws.say(SUPPORT_CHANNEL, ONCALL.id, f"{ws.mention} and billing?", raw=True)
    await gate.entered.wait()
    await mention(ws, "stop")
    await ws.wait_for(lambda: any("Stopped." in words(one) for one in ws.replies(mine)))
    (note,) = await ws.wait_for(lambda: ws.ephemerals(AUTHOR.id))
    assert STOPPED in words(note)
    gate.let_go.set()
    await until_quiet(ws, connected)
    assert not any("Stopped." in words(one) for one in ws.replies(theirs))


async def test_what_was_asked_by_a_form_is_stopped_by_the_word_too(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = gate = Gate(CODE)
    await ws.shortcut(ASK, AUTHOR.id)
    form = await ws.wait_for(lambda: next(iter(ws.modals(AUTHOR.id)), None))
    await ws.submit(form, {Field.WORDS: {Field.WORDS: "the import of shipments"}})
    await gate.entered.wait()
    stop = await ws.say_directly(AUTHOR.id, "stop")
    await until_quiet(ws, connected)
    said = [words(one) for one in by_bot(ws, stop.channel)]
    assert sum("Stopped." in one for one in said) == 1
    assert not any("Looking into it" in one for one in said)
