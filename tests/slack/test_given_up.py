"""An answer that stands says no longer that a model is at work once the work was given up."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.answers import Reply
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.domain.work import Job, WorkStatus
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.services.dead_letters import UNFINISHED
from bot.services.ports import ReplyChannel
from bot.slack.arrivals import Asked, Command, Place, Way
from bot.slack.jobs import delivery_of, job_of
from tests.slack.doubles import NOW, always
from tests.slack.driver import by_bot, words
from tests.slack.replies import CODE, EXPLAINED
from tests.slack.stage import ASK, Stage, fail, question_in, working
from tests.waiting import until

ADDING = "is adding its words"
BROKE_OFF = "The work on this broke off before the language model answered"
MODELS_WORDS = "The upstream export renamed"
REFINED = replace(CODE, explanation=EXPLAINED)


@pytest.fixture
def modelled(stage: Stage) -> Stage:
    """Where a language model is set up."""
    return replace(stage, config=replace(stage.config, has_model=True))


async def asked(ws: LocalWorkspace, way: Way = Way.MENTION) -> Job:
    _, arrival = await question_in(ws, way)
    return job_of(arrival)


def commanded(ws: LocalWorkspace) -> Job:
    thread = ThreadKey(ws.team_id, SUPPORT_CHANNEL, "")
    asker = Asker(AUTHOR.id, ws.team_id)
    question = Question("T1:command:1", Origin.SLACK, asker, thread, "", ASK, NOW)
    return job_of(Command(question, Place(SUPPORT_CHANNEL, AUTHOR.id, echo=ASK)))


async def given_up_after(stage: Stage, reply: Reply, *jobs: Job) -> None:
    """A process takes the work up, says this and dies; then nobody takes it up again."""

    async def say_and_hang(question: Question, channel: ReplyChannel) -> None:
        await channel.post(reply, question.id)
        said.append(question.id)
        await asyncio.Event().wait()

    async def all_said() -> bool:
        return len(said) == len(jobs)

    said: list[str] = []
    stage.answers.script = say_and_hang
    async with working(stage) as bot:
        for job in jobs:
            if isinstance(job.body, Asked | Command):
                await bot.inbox.take(job, delivery_of(job.body, "", Origin.SLACK))
            else:
                await bot.engine.start(job)
        await until(all_said, "all cards being posted")
    for job in jobs:
        await fail(stage, job.key, "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


def cards_in(ws: LocalWorkspace) -> list[Message]:
    return by_bot(ws, SUPPORT_CHANNEL)


async def test_cards_whose_work_was_given_up_wait_for_no_model(
    ws: LocalWorkspace, modelled: Stage
) -> None:
    jobs = await asked(ws), await asked(ws, Way.FOLLOW_UP), commanded(ws)
    await given_up_after(modelled, CODE, *jobs)
    before = cards_in(ws)
    assert len(before) == len(jobs)
    assert all(ADDING in words(card) for card in before)
    async with working(modelled) as bot:
        assert await bot.swept() == 0
        await bot.settled()
        cards = cards_in(ws)
        # Once is enough, whoever looks next.
        assert await bot.swept() == 0
        assert len(await bot.jobs_of(UNFINISHED)) == len(jobs)
    assert [card.ts for card in cards] == [card.ts for card in before]
    for card in cards:
        assert ADDING not in words(card)
        assert BROKE_OFF in words(card)
        assert "KeyError" in words(card)
    assert sum("asked" in words(card) for card in cards) == 1


async def test_work_that_is_tried_again_after_all_puts_the_models_words_there(
    ws: LocalWorkspace, modelled: Stage
) -> None:
    job = await asked(ws)
    await given_up_after(modelled, CODE, job)
    modelled.answers.script = always(CODE, REFINED)
    async with working(modelled) as bot:
        await bot.swept()
        await bot.settled()
        (before,) = cards_in(ws)
        assert BROKE_OFF in words(before)
        await bot.admin.retry(job.key)
        await bot.ended(job.key, WorkStatus.DONE)
    (card,) = cards_in(ws)
    assert card.ts == before.ts
    assert MODELS_WORDS in words(card)
    assert BROKE_OFF not in words(card)
