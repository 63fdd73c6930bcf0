"""Where replies go: progress in step, private cards in place, nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.domain.work import Job, Priority, Queue
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, GENERAL_CHANNEL, SUPPORT_CHANNEL
from bot.slack.arrivals import Place
from bot.slack.channel import ThreadChannel
from bot.slack.channel_kit import Kit
from bot.slack.client import web_client
from bot.slack.draw import Style
from bot.slack.gestures import Gestures
from bot.slack.jobs import ARRIVAL
from bot.slack.outgoing import Outgoing
from bot.slack.pace import Pace
from bot.slack.posting import Poster
from bot.slack.presses import Words
from bot.slack.saying import Saying
from tests.slack.doubles import NOW, ScriptedAnswers, always
from tests.slack.driver import by_bot, deliver, words
from tests.slack.engine import MemorySteps
from tests.slack.payloads import event, load, says
from tests.slack.replies import CHOICE, CODE, HELP
from tests.slack.running import RunningBot

NO_STATUS_LINES = Fault(
    FaultKind.REFUSE, "assistant.threads.setStatus", times=None, error="unknown_method"
)


@dataclass
class Pauses:
    """Time that passes when a test says so."""

    taken: list[float] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        self.begun.release()
        await self.over.wait()
        self.over.clear()


@pytest.fixture
async def question(ws: LocalWorkspace) -> Message:
    return await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why?")


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
async def channel(
    slack: RunningBot, question: Message, pauses: Pauses
) -> AsyncIterator[ThreadChannel]:
    place = Place(SUPPORT_CHANNEL, AUTHOR.id, question.ts, question.ts)
    made = thread_channel(slack, place, pauses)
    yield made
    pauses.over.set()
    await made.close()


def thread_channel(
    bot: RunningBot, place: Place, pauses: Pauses, key: str = "turn-1", pace: Pace | None = None
) -> ThreadChannel:
    """As the desk opens it for a question in that place."""
    client = web_client(bot.config, bot.config.bot_token)
    gestures = Gestures(client, bot.ledger.sleep)
    poster = Poster(Outgoing(client, pace=pace), gestures, bot.ledger, Style(), lambda: NOW)
    kit = Kit(poster, gestures, progress_every=3.0, sleep=pauses)
    job = Job(key, ARRIVAL, None, Queue.QUESTIONS, "thread")
    saying = Saying(MemorySteps(bot.engine, job), "T1", job.key)
    return ThreadChannel(kit, saying, place, Words("why?"), key)


def told(ws: LocalWorkspace) -> list[str]:
    """The progress that was shown, in order."""
    calls = ws.calls("assistant.threads.setStatus")
    return [line for call in calls for line in call.arguments.get("loading_messages", [])]


async def test_of_progress_that_comes_too_fast_the_newest_is_shown(
    ws: LocalWorkspace, channel: ThreadChannel, pauses: Pauses
) -> None:
    await channel.acknowledge()
    for step in ("one", "two", "three"):
        await channel.progress(step)
    await ws.wait_for(lambda: len(told(ws)) == 2)
    for step in ("four", "five"):
        await channel.progress(step)
    pauses.over.set()
    await ws.wait_for(lambda: len(told(ws)) == 3)
    assert told(ws)[1:] == ["three", "five"]
    assert set(pauses.taken) == {3.0}


async def test_progress_never_comes_after_the_answer(
    ws: LocalWorkspace, channel: ThreadChannel
) -> None:
    await channel.acknowledge()
    await channel.progress("reading")
    await channel.post(CODE, "turn-1")
    await channel.close()
    last = [call.method for call in ws.calls()][-1]
    assert last == "chat.postMessage"
    assert ws.state.statuses == {}


async def test_a_slow_change_of_a_sign_of_work_does_not_take_the_answers_place(
    ws: LocalWorkspace, slack: RunningBot, channel: ThreadChannel
) -> None:
    ws.faults.add(NO_STATUS_LINES)
    await channel.receive()
    await slack.idle()
    ws.faults.add(Fault(FaultKind.SLOW, "chat.update", seconds=0.3))
    await channel.progress("reading")
    await ws.wait_for(lambda: not [f for f in ws.faults.calls if f.kind is FaultKind.SLOW])
    await channel.post(CODE, "turn-1")
    assert [call.fault for call in ws.calls("chat.update")] == ["slow", ""]
    assert "reading" not in words(by_bot(ws, SUPPORT_CHANNEL)[0])


async def test_a_slow_status_does_not_come_after_the_answer(
    ws: LocalWorkspace, channel: ThreadChannel
) -> None:
    await channel.acknowledge()
    ws.faults.add(Fault(FaultKind.SLOW, "assistant.threads.setStatus", seconds=0.3))
    await channel.progress("reading")
    await ws.wait_for(lambda: not [f for f in ws.faults.calls if f.kind is FaultKind.SLOW])
    await channel.post(CODE, "turn-1")
    await channel.close()
    await ws.wait_for(lambda: "reading" in told(ws))
    assert ws.state.statuses == {}


async def test_work_that_goes_on_after_the_answer_is_shown_until_it_ends(
    ws: LocalWorkspace, channel: ThreadChannel
) -> None:
    await channel.acknowledge()
    await channel.post(CODE, "turn-1")
    await channel.progress("reading on")
    await ws.wait_for(lambda: "reading on" in told(ws))
    await channel.post(CODE, "turn-1")
    await channel.close()
    assert ws.state.statuses == {}
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


async def test_where_progress_cannot_be_shown_the_answer_comes_all_the_same(
    ws: LocalWorkspace, slack: RunningBot, channel: ThreadChannel
) -> None:
    ws.faults.add(NO_STATUS_LINES)
    await channel.receive()
    await slack.idle()
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.update", error="ratelimited"))
    await channel.progress("reading")
    await ws.wait_for(lambda: ws.calls("chat.update"))
    ts = await channel.post(CODE, "turn-1")
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert answer.ts == ts
    assert answer.text.startswith("🐞")


async def test_the_progress_of_many_questions_keeps_to_the_pace_of_their_channel(
    ws: LocalWorkspace, slack: RunningBot
) -> None:
    ws.faults.add(NO_STATUS_LINES)
    pace, pauses, channels = Pace(slack.ledger.kept.clock), [Pauses() for _ in range(3)], []
    for number, pause in enumerate(pauses):
        asked = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why?")
        place = Place(SUPPORT_CHANNEL, AUTHOR.id, asked.ts, asked.ts)
        channels.append(thread_channel(slack, place, pause, f"turn-{number}", pace))
        await channels[-1].receive()
    await slack.idle()

    for channel, pause in zip(channels, pauses, strict=True):
        await channel.progress("reading")
        await pause.begun.acquire()
    assert len(ws.calls("chat.update")) == 1

    await slack.ledger.sleep(1)
    for pause in pauses[1:]:
        pause.over.set()
        await pause.begun.acquire()
    assert len(ws.calls("chat.update")) == 2

    await channels[2].progress("asking a model")
    await slack.ledger.sleep(1)
    pauses[2].over.set()
    await pauses[2].begun.acquire()
    shown = [words(sign) for sign in by_bot(ws, SUPPORT_CHANNEL)]
    assert ["reading" in one for one in shown] == [True, True, False]
    assert "asking a model" in shown[2]
    for channel in channels:
        await channel.close()


async def test_a_second_acknowledgement_does_nothing(
    ws: LocalWorkspace, channel: ThreadChannel
) -> None:
    await channel.acknowledge()
    before = len(ws.calls())
    await channel.acknowledge()
    assert len(ws.calls()) == before


async def test_a_channel_in_which_nothing_was_said_leaves_no_trace(
    ws: LocalWorkspace, slack: RunningBot, channel: ThreadChannel, question: Message
) -> None:
    ws.faults.add(NO_STATUS_LINES)
    await channel.receive()
    await slack.idle()
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
    await channel.close()
    assert by_bot(ws, SUPPORT_CHANNEL) == []
    assert ws.current(question).reactions == ()


async def test_a_sign_of_work_waits_for_its_turn_in_the_channels_line(
    ws: LocalWorkspace, slack: RunningBot, channel: ThreadChannel
) -> None:
    ws.faults.add(NO_STATUS_LINES)
    await channel.receive()
    sign = slack.engine.job("post:turn-1:0")
    assert (sign.queue, sign.share) == (Queue.POSTS, SUPPORT_CHANNEL)
    # Quick answers are not held up by it.
    assert sign.delay > 0
    assert sign.priority > Priority.ASKED
    await slack.idle()


async def test_a_sign_of_work_that_comes_after_the_answer_is_dropped(
    ws: LocalWorkspace, slack: RunningBot, channel: ThreadChannel
) -> None:
    ws.faults.add(NO_STATUS_LINES)
    turn = slack.engine.hold()
    await channel.receive()
    await channel.post(CODE, "turn-1")
    turn.set()
    await slack.idle()
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "KeyError" in words(answer)
    assert len(ws.calls("chat.postMessage")) == 1
    assert ws.calls("chat.update") == []


async def test_a_sign_of_work_that_comes_after_the_end_is_dropped(
    ws: LocalWorkspace, slack: RunningBot, channel: ThreadChannel
) -> None:
    ws.faults.add(NO_STATUS_LINES)
    turn = slack.engine.hold()
    await channel.receive()
    await channel.close()
    turn.set()
    await slack.idle()
    assert by_bot(ws, SUPPORT_CHANNEL) == []
    # The work is taken up again by hand.
    await channel.post(CODE, "turn-1")
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "KeyError" in words(answer)


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.SERVER_ERROR, FaultKind.CUT])
async def test_a_sign_that_slack_does_not_let_go_of_is_taken_away_in_the_end(
    ws: LocalWorkspace,
    slack: RunningBot,
    channel: ThreadChannel,
    question: Message,
    kind: FaultKind,
) -> None:
    await channel.receive()
    assert ws.state.statuses
    for method in ("reactions.remove", "assistant.threads.setStatus"):
        ws.faults.add(Fault(kind, method, times=3, seconds=5))
    await channel.close()
    assert ws.state.statuses == {}
    assert ws.current(question).reactions == ()


async def test_a_sign_of_which_slack_never_says_that_it_is_gone_does_not_hold_up_the_work_for_ever(
    ws: LocalWorkspace, channel: ThreadChannel
) -> None:
    await channel.receive()
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, "reactions.remove", times=None))
    await channel.close()
    assert len(ws.calls("reactions.remove")) == 4


@pytest.mark.parametrize("method", ["reactions.add", "assistant.threads.setStatus"])
async def test_a_rate_limit_on_signs_of_work_does_not_hold_up_the_answer(
    ws: LocalWorkspace, slack: RunningBot, channel: ThreadChannel, method: str
) -> None:
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, method, times=None, seconds=60))
    await channel.receive()
    await channel.post(CODE, "turn-1")
    assert len(ws.calls(method)) == 1
    assert slack.ledger.slept == []
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
    ws.faults.spare_calls()


async def test_a_status_that_may_have_arrived_is_taken_away_after_the_answer(
    ws: LocalWorkspace, channel: ThreadChannel
) -> None:
    ws.faults.add(Fault(FaultKind.CUT, "assistant.threads.setStatus"))
    await channel.acknowledge()
    await channel.post(CODE, "turn-1")
    await channel.close()
    assert ws.calls()[-1].method == "assistant.threads.setStatus"
    assert ws.calls()[-1].arguments["status"] == ""


async def test_a_choice_made_in_private_is_answered_in_its_place(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CHOICE)
    await ws.command("/airflow", "why orders", GENERAL_CHANNEL, AUTHOR.id)
    await connected.idle()
    offer = ws.ephemerals(AUTHOR.id)[-1]
    answers.script = always(CODE)
    await ws.press(offer, "choose:0", AUTHOR.id)
    await connected.idle()
    shown = ws.ephemerals(AUTHOR.id)[-1]
    assert shown.ts == offer.ts
    assert "KeyError" in words(shown)
    assert by_bot(ws, GENERAL_CHANNEL) == []


async def test_a_log_excerpt_asked_for_in_private_stays_private(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    await ws.command("/airflow", "why orders", GENERAL_CHANNEL, AUTHOR.id)
    await connected.idle()
    card = ws.ephemerals(AUTHOR.id)[-1]
    await ws.press(card, "log_excerpt", AUTHOR.id)
    await connected.idle()
    assert ws.files() == []
    excerpt = ws.ephemerals(AUTHOR.id)[-1]
    assert "Task exited with code 1" in words(excerpt)
    assert "KeyError" in words(ws.current(card))


async def test_a_private_answer_survives_that_its_address_is_used_up(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(HELP)
    payload = load("command", text="help", response_url=f"{ws.hub.url}/hooks/gone")
    assert (await deliver(slack, payload)).status == 200
    (answer,) = ws.ephemerals(AUTHOR.id)
    assert "tell you why" in answer.text


async def test_a_remark_that_is_edited_into_a_mention_is_a_question_then(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers
) -> None:
    head = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hm")
    remark = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why?", head.ts)
    inner = {"ts": remark.ts, "event_ts": remark.ts, "thread_ts": head.ts}
    await deliver(slack, event("message_in_thread", **inner))
    assert answers.asked == []
    edited = {**inner, "edited": {"user": AUTHOR.id, "ts": "1"}}
    await deliver(slack, says("app_mention", f"{ws.mention} why?", **edited))
    assert len(answers.asked) == 1


async def test_where_a_model_is_set_up_the_first_card_says_that_its_words_are_to_come(
    ws: LocalWorkspace, modelled: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    message = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why?", raw=True)
    payload = says("app_mention", message.text, ts=message.ts, event_ts=message.ts)
    await deliver(modelled, payload)
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "A language model is adding its words" in words(answer)
