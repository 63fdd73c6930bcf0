"""What is done about an answer that was left unfinished, whatever stands in its place by then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.answers import Reply
from bot.domain.dead_letters import Unfinished
from bot.domain.work import Job, Queue
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.services.dead_letters import UNFINISHED
from bot.slack.arrivals import Place
from bot.slack.posts import ANSWER, Post, post_job
from tests.slack.driver import by_bot, words
from tests.slack.replies import CODE, EXPLAINED, HELP, HOW_TO, UNKNOWN
from tests.slack.running import RunningBot

ADDING = "is adding its words"
BROKE_OFF = "The work on this broke off before the language model answered"
REFINED = replace(CODE, explanation=EXPLAINED)
PAGE = "T1:C1:17.5"


async def said(ws: LocalWorkspace, bot: RunningBot, *replies: Reply) -> Message:
    """The card, which shows the last of them."""
    place = Place(SUPPORT_CHANNEL, AUTHOR.id)
    for revision, reply in enumerate(replies, start=ANSWER):
        post = Post(PAGE, revision, place, reply, turn_id=PAGE, workspace=ws.team_id)
        bot.engine.put(post_job(post))
        await bot.idle()
    (card,) = by_bot(ws, SUPPORT_CHANNEL)
    return card


async def settle(bot: RunningBot, revision: int = ANSWER) -> None:
    key = f"{UNFINISHED}:{PAGE}:{revision}"
    bot.engine.put(Job(key, UNFINISHED, Unfinished(PAGE, PAGE, revision), Queue.LATER, key))
    await bot.idle()
    assert bot.engine.failed(key) is None


@pytest.mark.parametrize("reply", [CODE, UNKNOWN, HOW_TO])
async def test_a_card_that_waits_for_a_model_says_that_none_adds_to_it(
    ws: LocalWorkspace, modelled: RunningBot, reply: Reply
) -> None:
    before = await said(ws, modelled, reply)
    assert ADDING in words(before)
    await settle(modelled)
    (card,) = by_bot(ws, SUPPORT_CHANNEL)
    assert card.ts == before.ts
    assert ADDING not in words(card)
    assert BROKE_OFF in words(card)


async def test_a_second_verdict_is_seen_to_like_the_first(
    ws: LocalWorkspace, modelled: RunningBot
) -> None:
    await said(ws, modelled, CODE)
    await settle(modelled)
    assert ADDING in words(await said(ws, modelled, CODE, UNKNOWN))
    await settle(modelled, ANSWER + 1)
    (card,) = by_bot(ws, SUPPORT_CHANNEL)
    assert BROKE_OFF in words(card)
    assert "There is no log of this try" in words(card)


@pytest.mark.parametrize("replies", [(CODE, REFINED), (HELP,), (replace(HOW_TO, passages=()),)])
async def test_a_card_that_waits_for_nothing_stays_as_it_is(
    ws: LocalWorkspace, modelled: RunningBot, replies: tuple[Reply, ...]
) -> None:
    before = await said(ws, modelled, *replies)
    await settle(modelled)
    assert by_bot(ws, SUPPORT_CHANNEL) == [before]
    assert len(ws.calls("chat.update")) == len(replies) - 1


async def test_words_that_come_at_the_same_time_win(
    ws: LocalWorkspace, modelled: RunningBot
) -> None:
    await said(ws, modelled, CODE)
    modelled.engine.put(Job("any", UNFINISHED, Unfinished(PAGE, PAGE, ANSWER), Queue.LATER, "any"))
    card = await said(ws, modelled, CODE, REFINED)
    assert "The upstream export renamed" in words(card)
    assert BROKE_OFF not in words(card)


async def test_a_card_that_somebody_deleted_is_not_posted_again(
    ws: LocalWorkspace, modelled: RunningBot
) -> None:
    ws.hub.commit(ws.hub.deletion(await said(ws, modelled, CODE)))
    await settle(modelled)
    assert by_bot(ws, SUPPORT_CHANNEL) == []


async def test_slack_may_refuse_it_for_good(ws: LocalWorkspace, modelled: RunningBot) -> None:
    before = await said(ws, modelled, CODE)
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.update", times=None, error="is_archived"))
    await settle(modelled)
    assert by_bot(ws, SUPPORT_CHANNEL) == [before]


async def test_where_no_model_is_set_up_nothing_is_missing(
    ws: LocalWorkspace, slack: RunningBot
) -> None:
    before = await said(ws, slack, CODE)
    await settle(slack)
    assert by_bot(ws, SUPPORT_CHANNEL) == [before]
    assert ws.calls("chat.update") == []
