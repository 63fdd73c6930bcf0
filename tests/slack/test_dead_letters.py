"""Work that fails without a word is apologised for: real engine, real database, real Slack side."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from bot.adapters.sql.inbox import SqlInbox
from bot.adapters.sql.tables import InboxRow
from bot.adapters.sql.talk_tables import MessageMarkRow
from bot.domain.answers import Apology
from bot.domain.dead_letters import DeadLetter
from bot.domain.failures import batch_job
from bot.domain.questions import Asker, Origin, Question, ThreadKey
from bot.domain.references import reference_of
from bot.domain.work import HANDED_IN, Job, Queue, WorkStatus, again
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.services.dead_letters import SORRY, sorry_key
from bot.services.ports import ReplyChannel
from bot.slack.arrivals import Asked, Command, Place, Way
from bot.slack.jobs import delivery_of, job_of
from bot.slack.posts import ANSWER, Notice, Post, message_job
from bot.slack.presses import Press
from bot.slack.sorry import REMARK, SlackApologies
from bot.slack.talk.arrivals import Edited
from tests.slack.doubles import NOW, always
from tests.slack.driver import by_bot, words
from tests.slack.replies import CODE
from tests.slack.stage import ASK, Stage, fail, poisoned, question_in, said_in, taking_in, working

COULD_NOT = "I could not answer this"


async def test_a_question_that_this_version_cannot_read_gets_one_apology(
    ws: LocalWorkspace, stage: Stage
) -> None:
    message, key = await poisoned(ws, stage)
    async with working(stage) as bot:
        assert await bot.swept() == 1
        (sorry,) = said_in(ws, message)
        assert await bot.swept() == 0
        # Nor where two processes looked at the same time.
        await bot.engine.start(Job(sorry_key(key), SORRY, None, Queue.LATER, "any"))
        assert said_in(ws, message) == [sorry]
    assert COULD_NOT in words(sorry)
    assert reference_of(key) in words(sorry)
    assert Press.ASK_AGAIN not in words(sorry)  # nobody knows the words any more
    assert stage.answers.asked == []


async def test_a_remark_that_cannot_be_read_is_apologised_for_to_its_author_alone(
    ws: LocalWorkspace, stage: Stage
) -> None:
    message, key = await poisoned(ws, stage, Way.FOLLOW_UP)
    async with working(stage) as bot:
        assert (await bot.swept(), await bot.swept()) == (1, 0)
    (whisper,) = ws.ephemerals(AUTHOR.id)
    assert reference_of(key.removesuffix(REMARK)) in words(whisper)
    assert said_in(ws, message) == []


async def test_an_edited_question_that_was_given_up_is_apologised_for_in_place_of_its_answer(
    ws: LocalWorkspace, stage: Stage
) -> None:
    stage.answers.script = always(CODE)
    async with working(stage) as bot:
        message, key = await bot.ask(ws)
        await bot.ended(key, WorkStatus.DONE)
    (answer,) = said_in(ws, message)
    place = Place(SUPPORT_CHANNEL, AUTHOR.id, message.ts, message.ts)
    thread, at = ThreadKey(ws.team_id, SUPPORT_CHANNEL, message.ts), "1800000000.000000"
    question = Question(key, Origin.SLACK, Asker(AUTHOR.id), thread, message.ts, "and now?", NOW)
    edited = Edited(Asked(question, place, Way.MENTION, wording=at, is_edited=True))
    async with taking_in(stage) as engine:
        inbox = SqlInbox(stage.database, engine.enqueue)
        assert await inbox.take(job_of(edited), delivery_of(edited, "", Origin.SLACK))
        await engine.start(job_of(edited.asked))
    await fail(stage, edited.key, "SUCCESS")
    await fail(stage, edited.asked.key, "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
    marked = {"ts": message.ts, "edited_ts": at, "edits": 1, "is_deleted": False, "marked_at": NOW}
    async with stage.database.begin() as connection:
        where = {"workspace": ws.team_id, "channel": SUPPORT_CHANNEL}
        await connection.execute(insert(MessageMarkRow).values(**marked, **where))
    async with working(stage) as bot:
        assert (await bot.swept(), await bot.swept()) == (1, 0)
    (sorry,) = said_in(ws, message)
    assert sorry.ts == answer.ts
    assert COULD_NOT in words(sorry)
    assert reference_of(key) in words(sorry)
    assert "and now?" in words(sorry)


async def test_a_question_that_its_processes_died_of_can_be_asked_again_with_a_press(
    ws: LocalWorkspace, stage: Stage
) -> None:
    message, asked = await question_in(ws)
    async with taking_in(stage) as engine:
        inbox = SqlInbox(stage.database, engine.enqueue)
        assert await inbox.take(job_of(asked), delivery_of(asked, "", Origin.SLACK))
    await fail(stage, asked.key, "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
    async with working(stage) as bot:
        assert (await bot.swept(), await bot.swept()) == (1, 0)
        (sorry,) = said_in(ws, message)
        assert "Ask again" in words(sorry)
        assert ASK in words(sorry)
        # Taken up again after all, its answer takes the place of the apology.
        await bot.admin.retry(asked.key)
        await bot.ended(asked.key, WorkStatus.DONE)
    (answer,) = said_in(ws, message)
    assert answer.ts == sorry.ts
    assert COULD_NOT not in words(answer)


async def test_an_apology_that_slack_refused_is_made_again_once(
    ws: LocalWorkspace, stage: Stage
) -> None:
    async def broken(question: Question, channel: ReplyChannel) -> None:
        raise RuntimeError("a bug")

    stage.answers.script = broken
    refused = Fault(FaultKind.REFUSE, "chat.postMessage", times=3, error="msg_too_long")
    ws.faults.add(refused)
    async with working(stage) as bot:
        message, key = await bot.ask(ws)
        await bot.ended(key, WorkStatus.FAILED)
        assert said_in(ws, message) == []
        ws.faults.clear()
        assert (await bot.swept(), await bot.swept()) == (1, 0)
    (sorry,) = said_in(ws, message)
    assert reference_of(key) in words(sorry)


async def test_an_apology_that_failed_is_made_again_a_few_times(
    ws: LocalWorkspace, stage: Stage
) -> None:
    async def failed(*tries: int) -> None:
        async with taking_in(stage) as engine:
            for each in tries:
                sorry = Job(sorry_key(key, each), SORRY, None, Queue.LATER, "any")
                await engine.start(sorry)
                await fail(stage, sorry.key, "ERROR")

    message, key = await poisoned(ws, stage)
    await failed(0)
    async with working(stage) as bot:
        assert (await bot.swept(), await bot.swept()) == (1, 0)
        (sorry,) = said_in(ws, message)
        assert COULD_NOT in words(sorry)
    other, key = await poisoned(ws, stage)
    await failed(*range(HANDED_IN))
    async with working(stage) as bot:
        assert await bot.swept() == 0
    assert said_in(ws, other) == []


async def test_a_batch_of_reported_failures_that_failed_is_handed_in_again_a_few_times(
    ws: LocalWorkspace, stage: Stage
) -> None:
    async with taking_in(stage) as engine:
        for key in ("failures:7", "failures:7:held:1"):
            await engine.start(replace(batch_job(7, 0.0), key=key))
            await fail(stage, key, "ERROR")
    async with working(stage) as bot:
        for _ in range(HANDED_IN + 1):
            await bot.letters.sweep()
            for job in await bot.admin.list(queue=Queue.FAILURES):
                await bot.ended(job.key, WorkStatus.FAILED)
        keys = {job.key for job in await bot.admin.list()}
    firsts = ("failures:7", "failures:7:held:1")
    assert keys == {again(key, failed) for key in firsts for failed in range(HANDED_IN)}


@pytest.mark.parametrize(
    "key", ["alert:a1:opened:1", "alerts:C1:list:20261122T0800", "escalation:e1:due:2:1"]
)
async def test_work_that_brings_news_is_handed_in_again_a_few_times_where_it_failed(
    ws: LocalWorkspace, stage: Stage, key: str
) -> None:
    told = replace(batch_job(7, 60.0), key=key)
    async with taking_in(stage) as engine:
        await engine.start(told)
        await fail(stage, told.key, "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
    async with working(stage) as bot:
        for _ in range(HANDED_IN + 1):
            await bot.letters.sweep()
            for job in await bot.admin.list(queue=Queue.FAILURES):
                await bot.ended(job.key, WorkStatus.FAILED)
        keys = {job.key for job in await bot.admin.list()}
    assert keys == {told.key, f"{told.key}+", f"{told.key}++"}


async def test_what_is_handed_in_again_is_said_though_slack_refused_it_before(
    ws: LocalWorkspace, stage: Stage
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.postMessage", times=2, error="msg_too_long"))
    place = Place(SUPPORT_CHANNEL, "")
    news = Post("alert:a1:news", ANSWER, place, Notice("It runs again."), workspace=ws.team_id)
    job = message_job(news, "alert:a1:news:1")
    async with working(stage) as bot:
        await bot.engine.start(job)
        await bot.ended(job.key, WorkStatus.FAILED)
        await bot.letters.sweep()
        await bot.ended(again(job.key, 1), WorkStatus.FAILED)
        await bot.letters.sweep()
        await bot.ended(again(job.key, 2), WorkStatus.DONE)
    (said,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "It runs again." in words(said)


async def test_an_apology_that_slack_refused_twice_is_said_by_the_third_job(
    ws: LocalWorkspace, stage: Stage
) -> None:
    message, key = await poisoned(ws, stage)
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.postMessage", times=2, error="msg_too_long"))
    async with working(stage) as bot:
        for failed in range(HANDED_IN):
            await bot.letters.sweep()
            is_last = failed == HANDED_IN - 1
            ends = WorkStatus.DONE if is_last else WorkStatus.FAILED
            await bot.ended(sorry_key(key, failed), ends)
    (sorry,) = said_in(ws, message)
    assert COULD_NOT in words(sorry)


async def test_what_was_answered_or_apologised_for_or_called_off_is_let_be(
    ws: LocalWorkspace, stage: Stage
) -> None:
    async def answered_and_broken(question: Question, channel: ReplyChannel) -> None:
        await channel.post(CODE, question.id)
        raise RuntimeError("a bug")

    async def broken(question: Question, channel: ReplyChannel) -> None:
        raise RuntimeError("a bug")

    async def endless(question: Question, channel: ReplyChannel) -> None:
        await asyncio.sleep(3600)

    async with working(stage) as bot:
        stage.answers.script = answered_and_broken
        answered, first = await bot.ask(ws)
        await bot.ended(first, WorkStatus.FAILED)
        stage.answers.script = broken
        sorry, second = await bot.ask(ws)
        await bot.ended(second, WorkStatus.FAILED)
        stage.answers.script = endless
        _, third = await bot.ask(ws)
        await stage.answers.until_asked(3)
        await bot.admin.cancel(third)
        await bot.ended(third, WorkStatus.CANCELLED)
        assert await bot.swept() == 0
        assert (len(said_in(ws, answered)), len(said_in(ws, sorry))) == (1, 1)


async def test_old_letters_and_those_without_an_address_are_past_telling(
    ws: LocalWorkspace, stage: Stage
) -> None:
    message, key = await poisoned(ws, stage)
    async with working(stage, keep=timedelta(0)) as bot:
        assert await bot.swept() == 0
    async with stage.database.begin() as connection:
        nowhere = {"channel": "", "thread": "", "workspace": ""}
        await connection.execute(update(InboxRow).where(InboxRow.key == key).values(nowhere))
    async with working(stage) as bot:
        assert (await bot.swept(), await bot.swept()) == (1, 0)
    assert said_in(ws, message) == []


def test_a_command_is_apologised_for_where_it_can_be_read() -> None:
    asker = Asker("U1", "T1")
    question = Question(
        "T1:command:1", Origin.SLACK, asker, ThreadKey("T1", "C1", ""), "", ASK, NOW
    )
    command = Command(question, Place("C1", "U1", response_url="https://slack.test/1"))
    apologies, letter = SlackApologies(), DeadLetter(command.key, None, "U1")
    post = apologies.post(letter, job_of(command))
    assert post is not None
    assert post.whispers
    assert post.place == command.place
    assert post.words.text == ASK
    assert apologies.post(letter, None) is None


def test_a_reported_failure_is_named_though_nothing_of_it_can_be_read() -> None:
    letter = DeadLetter("failure:prod:orders_daily:manual__1:load::2", None)
    post = SlackApologies("C9").post(letter, None)
    assert post is not None
    assert isinstance(post.content, Apology)
    assert "orders_daily in prod" in post.content.what
    assert (post.place.channel, post.whispers) == ("C9", False)
    assert SlackApologies().post(letter, None) is None
