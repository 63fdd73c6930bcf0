"""Questions that are asked by button in direct messages: the work on them shows as a plan."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR
from bot.slack.config import SlackConfig
from bot.slack.presses import Press, option_value
from tests.slack.asking import mention
from tests.slack.doubles import MemoryRecords
from tests.slack.driver import by_bot, hand_in, words
from tests.slack.payloads import press
from tests.slack.replies import CHOICE, CODE
from tests.slack.running import RunningBot
from tests.slack.test_crashes import at_every_point
from tests.slack.test_streams import DiagnosedAnswers, titles


@pytest.fixture
def answers(records: MemoryRecords) -> DiagnosedAnswers:
    return DiagnosedAnswers(records, replies=(CHOICE,))


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, answers: DiagnosedAnswers
) -> AsyncIterator[RunningBot]:
    running = RunningBot(config, answers, answers.records)
    await running.start()
    await running.slack.connect()
    await ws.wait_for_app()
    yield running
    await running.engine.stop()
    await running.stop()


async def chosen(
    ws: LocalWorkspace, bot: RunningBot, answers: DiagnosedAnswers, asked: Message
) -> Message:
    """What the first choice of the offer under `asked` came to."""
    offer = await ws.wait_for_reply(asked)
    await bot.idle()
    answers.replies = (CODE,)
    before = len(by_bot(ws, asked.channel))
    await ws.press(ws.current(offer), f"{Press.CHOOSE}:0", AUTHOR.id)
    await ws.wait_for(lambda: len(by_bot(ws, asked.channel)) > before)
    await bot.idle()
    (answer,) = by_bot(ws, asked.channel)[before:]
    return answer


async def test_what_was_chosen_in_direct_messages_is_answered_in_a_message_that_grew(
    ws: LocalWorkspace, bot: RunningBot, answers: DiagnosedAnswers
) -> None:
    asked = await ws.say_directly(AUTHOR.id, "why did it fail?")
    answer = await chosen(ws, bot, answers, asked)
    assert answer.stream is None
    assert answer.thread_ts == asked.ts
    assert titles(answer)[:2] == ["What I looked at", "Found orders_daily.load"]
    assert "KeyError" in words(answer)
    assert len(ws.calls("chat.startStream")) == len(ws.calls("chat.stopStream")) == 2
    assert not ws.calls("chat.postMessage")


async def test_what_was_chosen_in_a_channel_grows_nowhere(
    ws: LocalWorkspace, bot: RunningBot, answers: DiagnosedAnswers
) -> None:
    answer = await chosen(ws, bot, answers, await mention(ws))
    assert "KeyError" in words(answer)
    assert not ws.calls("chat.startStream")


async def test_no_eyes_are_put_on_a_card_of_our_own(
    ws: LocalWorkspace, bot: RunningBot, answers: DiagnosedAnswers
) -> None:
    asked = await ws.say_directly(AUTHOR.id, "why did it fail?")
    await chosen(ws, bot, answers, asked)
    eyes = {call.arguments["timestamp"] for call in ws.calls("reactions.add")}
    assert eyes == {asked.ts}


async def test_a_press_has_one_answer_wherever_the_machine_goes_down(
    ws: LocalWorkspace, config: SlackConfig, answers: DiagnosedAnswers
) -> None:
    answers.replies = (CODE,)

    async def scene(bot: RunningBot) -> Callable[[], None]:
        asked = await ws.say_directly(AUTHOR.id, "why did it fail?")
        ts = ws.hub.new_ts()
        payload = press(
            "press_choice", action_id=f"{Press.CHOOSE}:0", value=option_value("t1", 0), action_ts=ts
        )
        payload["channel"]["id"] = payload["container"]["channel_id"] = asked.channel
        payload["user"]["id"] = AUTHOR.id
        payload["container"] |= {"thread_ts": asked.ts, "message_ts": asked.ts}
        assert (await hand_in(bot, payload)).status == 200

        def check() -> None:
            (answer,) = [one for one in ws.replies(asked) if one.bot_id]
            assert answer.stream is None
            assert "KeyError" in words(answer)
            assert ws.state.statuses == {}

        return check

    assert await at_every_point(config, answers, scene) > 10
