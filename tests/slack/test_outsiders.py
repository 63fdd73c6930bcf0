"""Words of guests, and of everybody in a shared channel, are used for the turn and not kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.answers import Apology, Choice
from bot.domain.conversations import Turn
from bot.domain.errors import NotTold
from bot.domain.people import Profile
from bot.domain.questions import Asker, Intent, Origin, Question, ThreadKey
from bot.domain.work import CALLED_OFF, Job, Queue
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.services.discretion import kept_of
from bot.slack.arrivals import Asked, Place, Way
from bot.slack.belonging import SlackBelonging
from bot.slack.config import SlackConfig
from bot.slack.jobs import STOPPED
from bot.slack.locales import SlackLocales
from bot.slack.outsiders import Outsiders
from bot.slack.profiles import SlackProfiles
from tests.fakes.turns import evidence, question, turn
from tests.slack.asking import answered, mention
from tests.slack.doubles import NOW, Gate, MemoryRecords, ScriptedAnswers, always
from tests.slack.driver import words
from tests.slack.replies import CHOICE, CODE
from tests.slack.running import RunningBot
from tests.slack.test_talk import kept_of as kept_words
from tests.slack.test_talk import until_quiet


@pytest.fixture
def guest(ws: LocalWorkspace) -> None:
    ws.actors.regard(AUTHOR.id, is_guest=True)


@pytest.mark.usefixtures("guest")
async def test_of_a_guests_question_durable_work_keeps_no_word_once_it_is_done(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    await mention(ws, "why, said in secret words?")
    await until_quiet(ws, connected)
    assert answers.asked[0].asker.is_external
    assert answers.asked[0].text == "why, said in secret words?"
    assert kept_words(connected, "secret words") == []


@pytest.mark.usefixtures("guest")
async def test_of_a_guests_question_that_is_stopped_durable_work_keeps_no_word(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = gate = Gate(CODE)
    asked = await mention(ws, "why, said in secret words?")
    await gate.entered.wait()
    await mention(ws, "stop")
    await until_quiet(ws, connected)
    assert any("Stopped." in words(one) for one in ws.replies(asked))
    assert kept_words(connected, "secret words") == []


@pytest.mark.usefixtures("guest")
@pytest.mark.parametrize("kind", [STOPPED, CALLED_OFF])
async def test_the_words_of_a_guest_are_forgotten_though_nobody_came_to_hear_them(
    ws: LocalWorkspace, slack: RunningBot, kind: str
) -> None:
    message = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "why, said in secret words?")
    thread = ThreadKey(ws.team_id, SUPPORT_CHANNEL, message.ts)
    key = f"{ws.team_id}:{SUPPORT_CHANNEL}:{message.ts}"
    asked = Question(
        key, Origin.SLACK, Asker(AUTHOR.id), thread, message.ts, "said in secret words", NOW
    )
    place = Place(SUPPORT_CHANNEL, AUTHOR.id, message.ts, message.ts)
    body = Asked(asked, place, Way.MENTION)
    slack.engine.put(Job(f"{key}:{kind}", kind, body, Queue.LATER, "any"))
    await slack.idle()
    assert kept_words(slack, "secret words") == []


async def test_of_whoever_wants_nothing_kept_durable_work_keeps_no_word_once_it_is_done(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    await connected.preferences.set_keeping(ws.team_id, AUTHOR.id, False)
    answers.script = always(CODE)
    for text in ("why, said in secret words?", "and why, in secret words?"):
        await mention(ws, text)
        await until_quiet(ws, connected)
    assert [one.text for one in answers.asked] == [
        "why, said in secret words?",
        "and why, in secret words?",
    ]
    assert kept_words(connected, "secret words") == []


async def test_people_of_the_workspace_are_looked_up_once(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    for _ in range(3):
        await mention(ws)
        await until_quiet(ws, connected)
    assert not any(one.asker.is_external for one in answers.asked)
    assert [call.method for call in ws.calls()].count("users.info") == 1


async def test_what_is_to_be_known_of_somebody_is_asked_for_once(ws: LocalWorkspace) -> None:
    directory = SlackBelonging(config_of(ws))
    people = directory.people
    locale, profile, member = await asyncio.gather(
        SlackLocales(people).locale(AUTHOR.id),
        SlackProfiles(people).profile(AUTHOR.id),
        directory.member(AUTHOR.id),
    )
    assert (locale, profile.email, member.is_guest) == ("en-US", AUTHOR.email, False)
    assert len(ws.calls("users.info")) == 1


async def test_each_does_without_what_slack_does_not_tell_in_a_way_of_its_own(
    ws: LocalWorkspace,
) -> None:
    directory = SlackBelonging(config_of(ws), sleep=no_time)
    people = directory.people
    ws.faults.add(Fault(FaultKind.REFUSE, "users.info", times=None, error="internal_error"))
    assert await SlackLocales(people).locale(AUTHOR.id) == ""
    assert await SlackProfiles(people).profile(AUTHOR.id) == Profile(AUTHOR.id)
    with pytest.raises(NotTold):
        await directory.member(AUTHOR.id)
    ws.faults.clear()
    assert (await SlackProfiles(people).profile(AUTHOR.id)).names
    assert await SlackLocales(people).locale(AUTHOR.id) == "en-US"


def config_of(ws: LocalWorkspace) -> SlackConfig:
    return SlackConfig(bot_token=ws.bot_token, api_url=ws.base_url)


async def no_time(_: float) -> None: ...


async def test_of_direct_messages_slack_is_not_asked_who_reads_along(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    await ws.say_directly(AUTHOR.id, "why did orders_daily fail?")
    await until_quiet(ws, connected)
    assert len(answers.asked) == 1
    assert ws.calls("conversations.info") == []


@pytest.mark.parametrize(("error", "outside"), [("missing_scope", False), ("internal_error", True)])
async def test_who_cannot_be_looked_up_for_now_counts_as_an_outsider(
    ws: LocalWorkspace, slack: RunningBot, error: str, outside: bool
) -> None:
    async def sleep(_: float) -> None: ...

    ws.faults.add(Fault(FaultKind.REFUSE, "users.info", times=None, error=error))
    seconds = [0.0]
    outsiders = Outsiders(SlackBelonging(slack.config, clock=lambda: seconds[0], sleep=sleep))
    assert await outsiders.is_guest(AUTHOR.id) is outside
    ws.faults.clear()
    seconds[0] = 4_000.0
    assert await outsiders.is_guest(AUTHOR.id) is False
    assert await outsiders.is_shared(SUPPORT_CHANNEL) is False


def test_of_an_outsiders_turn_no_words_are_stored() -> None:
    whole = turn(seen=evidence())
    asker = replace(whole.question.asker, is_external=True)
    for asked in (
        replace(whole.question, asker=asker),
        replace(whole.question, is_shared=True),
    ):
        kept = kept_of(replace(whole, question=asked))
        assert (kept.question.text, kept.question.links, kept.question.earlier) == ("", (), ())
        assert kept.evidence is None
        assert isinstance(kept.reply, Apology)
    assert kept_of(whole) is whole


def test_what_an_outsider_may_choose_from_is_kept() -> None:
    asked = replace(question(), is_shared=True)
    offered = Turn("t", asked, Intent.DIAGNOSE, CHOICE, None, NOW, 0.1)
    assert isinstance(kept_of(offered).reply, Choice)


async def test_of_a_comment_by_whoever_wants_nothing_kept_no_word_stays(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    records: MemoryRecords,
) -> None:
    await connected.preferences.set_keeping(ws.team_id, AUTHOR.id, False)
    answers.script = always(CODE)
    answer = await answered(ws, connected, await mention(ws))
    turn_id = answers.asked[0].id
    await ws.press(answer, "rate", AUTHOR.id, f"down|{turn_id}")
    await connected.idle()
    (form,) = ws.modals(AUTHOR.id)
    said = {"why": {"why": "wrong_verdict"}, "comment": {"comment": "secret words"}}
    await ws.submit(form, said)
    await until_quiet(ws, connected)
    rating = records.ratings[turn_id, AUTHOR.id]
    assert (rating.reason, rating.comment) == ("wrong_verdict", "")
    assert kept_words(connected, "secret words") == []
