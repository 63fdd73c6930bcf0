"""What an operator cancels leaves no sign of work, and whoever asked is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.answers import Reply
from bot.domain.conversations import Turn
from bot.domain.questions import Asker, Intent, Origin, Question, ThreadKey
from bot.domain.references import reference_of
from bot.domain.work import CALLED_OFF, Job, Queue
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.slack.arrivals import Asked, Command, Place, Way
from bot.slack.channel_kit import Kit
from bot.slack.client import web_client
from bot.slack.confiding import ConfidingChannel
from bot.slack.draw import Style
from bot.slack.gestures import Gestures
from bot.slack.jobs import ARRIVAL
from bot.slack.outgoing import Outgoing
from bot.slack.posting import Poster
from bot.slack.posts import WORKING, Notice, Post, post_job
from bot.slack.presses import Press
from bot.slack.replies import Replies
from tests.slack.doubles import NOW
from tests.slack.driver import by_bot, words
from tests.slack.engine import MemorySteps
from tests.slack.replies import CODE, EXPLAINED, HOW_TO, STATUS
from tests.slack.running import RunningBot

REFINED = replace(CODE, explanation=EXPLAINED)
NOTHING_FOUND = replace(HOW_TO, passages=())


@pytest.fixture
async def message(ws: LocalWorkspace) -> Message:
    return await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why?")


@pytest.fixture
def asked(ws: LocalWorkspace, message: Message) -> Asked:
    thread = ThreadKey(ws.team_id, SUPPORT_CHANNEL, message.ts)
    place = Place(SUPPORT_CHANNEL, AUTHOR.id, message.ts, message.ts)
    question = Question(
        f"{ws.team_id}:{SUPPORT_CHANNEL}:{message.ts}",
        Origin.SLACK,
        Asker(AUTHOR.id),
        thread,
        message.ts,
        "why?",
        NOW,
    )
    return Asked(question, place, Way.MENTION)


async def call_off(bot: RunningBot, body: object, times: int = 1) -> None:
    for number in range(times):
        key = f"called_off:{number}"
        bot.engine.put(Job(key, CALLED_OFF, body, Queue.LATER, key, part_of="cancelled"))
        await bot.idle()
        assert bot.engine.failed(key) is None


def sign_of(asked: Asked) -> Post:
    sign = Post(asked.question.id, WORKING, asked.place, Notice("Looking"), is_sign=True)
    return replace(sign, workspace=asked.question.thread.workspace)


async def test_signs_of_work_go_and_the_asker_is_told_once(
    ws: LocalWorkspace, slack: RunningBot, message: Message, asked: Asked
) -> None:
    channel = await opened(slack, asked)
    await channel.acknowledge()
    assert ws.state.statuses
    await call_off(slack, asked, times=2)
    (told,) = by_bot(ws, SUPPORT_CHANNEL)
    assert told.thread_ts == message.ts
    assert "called this question off" in words(told)
    assert reference_of(asked.question.id) in words(told)
    assert ws.state.statuses == {}
    assert ws.current(message).reactions == ()


async def test_a_message_that_showed_the_work_becomes_the_word_that_it_ended(
    ws: LocalWorkspace, slack: RunningBot, asked: Asked
) -> None:
    slack.engine.put(post_job(sign_of(asked)))
    await slack.idle()
    (sign,) = by_bot(ws, SUPPORT_CHANNEL)
    await call_off(slack, asked)
    (told,) = by_bot(ws, SUPPORT_CHANNEL)
    assert told.ts == sign.ts
    assert "called this question off" in words(told)


async def test_an_answer_that_stands_is_not_taken_back(
    ws: LocalWorkspace, slack: RunningBot, asked: Asked
) -> None:
    channel = await opened(slack, asked)
    await channel.post(CODE, asked.question.id)
    await call_off(slack, asked)
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "KeyError" in words(answer)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("is_addressed", [True, False])
async def test_an_answer_that_was_to_get_a_models_words_says_that_none_will_come(
    ws: LocalWorkspace, modelled: RunningBot, asked: Asked, is_addressed: bool, times: int
) -> None:
    channel = await opened(modelled, asked)
    await channel.post(CODE, asked.question.id)
    assert "is adding its words" in words(by_bot(ws, SUPPORT_CHANNEL)[0])
    question = replace(asked.question, is_addressed=is_addressed)
    await call_off(modelled, replace(asked, question=question), times)
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "KeyError" in words(answer)
    assert "is adding its words" not in words(answer)
    assert "This was called off" in words(answer)


@pytest.mark.parametrize("reply", [REFINED, NOTHING_FOUND, STATUS])
async def test_an_answer_to_which_no_model_was_to_add_stays_as_it_is(
    ws: LocalWorkspace, modelled: RunningBot, asked: Asked, reply: Reply
) -> None:
    channel = await opened(modelled, asked)
    await channel.post(reply, asked.question.id)
    before = by_bot(ws, SUPPORT_CHANNEL)
    # That it was refined may not have been stored yet.
    turn = Turn(asked.question.id, asked.question, Intent.DIAGNOSE, CODE, None, NOW, 0.1)
    modelled.records.turns[turn.id] = turn
    await call_off(modelled, asked)
    assert by_bot(ws, SUPPORT_CHANNEL) == before


async def test_a_model_adds_to_an_answer_after_all_where_the_work_is_taken_up_again(
    ws: LocalWorkspace, modelled: RunningBot, asked: Asked
) -> None:
    channel = await opened(modelled, asked)
    await channel.post(CODE, asked.question.id)
    await call_off(modelled, asked)
    await channel.post(REFINED, asked.question.id)
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "The upstream export renamed" in words(answer)
    assert "This was called off" not in words(answer)


async def test_before_an_answer_stands_the_asker_is_told_though_one_is_stored(
    ws: LocalWorkspace, modelled: RunningBot, asked: Asked
) -> None:
    question = asked.question
    turn = Turn(question.id, question, Intent.DIAGNOSE, CODE, None, NOW, 0.1)
    modelled.records.turns[turn.id] = turn
    await call_off(modelled, asked)
    (told,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "called this question off" in words(told)
    assert "KeyError" not in words(told)


async def test_work_that_is_taken_up_again_answers_in_place_of_the_word_that_it_ended(
    ws: LocalWorkspace, slack: RunningBot, asked: Asked
) -> None:
    await call_off(slack, asked)
    channel = await opened(slack, asked)
    await channel.post(CODE, asked.question.id)
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "KeyError" in words(answer)


async def test_of_a_remark_that_may_have_been_for_others_nothing_is_said(
    ws: LocalWorkspace, slack: RunningBot, message: Message, asked: Asked
) -> None:
    question = replace(asked.question, is_addressed=False)
    await call_off(slack, Asked(question, asked.place, Way.FOLLOW_UP))
    assert by_bot(ws, SUPPORT_CHANNEL) == []


async def test_whoever_made_a_remark_that_was_taken_up_is_told(
    ws: LocalWorkspace, slack: RunningBot, message: Message, asked: Asked
) -> None:
    channel = await opened(slack, asked)
    await channel.acknowledge()
    question = replace(asked.question, is_addressed=False)
    await call_off(slack, Asked(question, asked.place, Way.FOLLOW_UP))
    (told,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "called this question off" in words(told)
    assert ws.current(message).reactions == ()


async def test_where_the_bot_is_no_member_the_asker_alone_is_told(
    ws: LocalWorkspace, slack: RunningBot, asked: Asked
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.postMessage", error="not_in_channel"))
    place = Place(SUPPORT_CHANNEL, AUTHOR.id, response_url=f"{ws.hub.url}/hooks/gone")
    await call_off(slack, Command(replace(asked.question, message_ts=""), place))
    (told,) = ws.ephemerals(AUTHOR.id)
    assert "called this question off" in words(told)
    assert Press.ASK_AGAIN in words(told)


@pytest.mark.parametrize("body", [None, "unknown", Notice("words")])
async def test_of_other_work_there_is_nothing_to_tell(
    ws: LocalWorkspace, slack: RunningBot, body: object
) -> None:
    await call_off(slack, body)
    assert by_bot(ws, SUPPORT_CHANNEL) == []


async def opened(bot: RunningBot, asked: Asked) -> ConfidingChannel:
    """The channel in which somebody worked on it, over steps of their own."""
    job = Job(asked.key, ARRIVAL, asked, Queue.QUESTIONS, "thread")
    steps = MemorySteps(bot.engine, job)
    client = web_client(bot.config, bot.config.bot_token)
    gestures = Gestures(client)
    poster = Poster(
        Outgoing(client), gestures, bot.ledger, Style(bot.config.has_model), lambda: NOW
    )
    replies = Replies(Kit(poster, gestures), str)
    _, channel = await replies.open(asked.question, asked.place, asked.key, steps)
    assert isinstance(channel, ConfidingChannel)
    return channel
