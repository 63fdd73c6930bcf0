"""Asker and responder in the local workspace, through every transition of an escalation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.answers import Diagnosis, Reply
from bot.domain.channel_policies import ChannelPolicy, PolicyKey
from bot.domain.conversations import Turn
from bot.domain.escalation_policy import Policy, QuietHours
from bot.domain.escalations import Severity, State, WasRight
from bot.domain.evidence import DagDetails, Evidence
from bot.domain.oncall import PageOutcome, PageSeen, PageState, PageStatus
from bot.domain.questions import Question
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, ONCALL, ONCALL_CHANNEL, PLATFORM, SUPPORT_CHANNEL
from bot.services.ports import ReplyChannel
from bot.slack.arrivals import Asked, Place, Way
from bot.slack.config import SlackConfig
from bot.slack.escalation_unreacted import unreacted_job
from bot.words import language_here
from tests.contract.test_escalations import call
from tests.slack.asking import mention
from tests.slack.doubles import MemoryRecords, always
from tests.slack.driver import by_bot, words
from tests.slack.escalating import (
    CallingBot,
    FakeOnCall,
    action,
    card_of,
    cards_of,
    offers,
    place_of,
    running,
    status_of,
)
from tests.slack.replies import CAPACITY, CODE
from tests.slack.test_channel_settings import SettledBot


@pytest.fixture
async def bot(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> AsyncIterator[CallingBot]:
    async with running(ws, config, records) as bot:
        yield bot


async def asked(ws: LocalWorkspace, bot: CallingBot, text: str = "why did it fail?") -> Message:
    question = await mention(ws, text)
    await ws.wait_for_reply(question)
    await bot.engine.pass_time(0)
    return question


async def press(
    ws: LocalWorkspace, bot: CallingBot, name: str, user: str = ONCALL.id, chosen: object = None
) -> None:
    card = card_of(ws)
    await ws.press(card, action(card, f"escalation_{name}"), user, chosen)
    await bot.idle()


def quiet_for(hours: float) -> QuietHours:
    """Quiet since an hour ago."""
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=1), now + timedelta(hours=hours)
    return QuietHours(begin.time(), end.time(), ZoneInfo("UTC"))


def direct_to(ws: LocalWorkspace, user: str) -> list[Message]:
    channel = ws.state.direct_channel(user)
    return by_bot(ws, channel.id) if channel is not None else []


async def test_an_unknown_verdict_hands_everything_to_those_on_call(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await asked(ws, bot)

    said = words(card_of(ws))
    for part in (
        "why did it fail?",
        "the verdict is unknown",
        "event log (not permitted)",
        "What is it? It may be “worker lost”, “oom killed”.",
        "1 Dag",
    ):
        assert part in said
    assert "nobody has acknowledged it yet" in status_of(ws, question)
    assert offers(card_of(ws)) == {"acknowledge", "mitigate", "resolve", "hand_to", "snooze"}


async def test_the_home_tab_leads_to_each_open_escalation(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await asked(ws, bot)
    await press(ws, bot, "acknowledge")
    for user, message in ((AUTHOR.id, question), (ONCALL.id, card_of(ws)), (PLATFORM.id, None)):
        ws.actors.open_app_home(user)
        await ws.wait_for(lambda user=user: ws.home(user))  # type: ignore[misc]
        await bot.idle()
        home = ws.home(user)
        assert home is not None
        shown = json.dumps(home.definition["blocks"])
        if message is None:
            assert "None of yours is open." in shown
        else:
            assert place_of(message) in shown.partition("Escalations")[2].partition("Platform")[0]


class SpeakingBot(CallingBot, SettledBot):
    """Channels have languages, in which diagnoses can be told."""


def told_here(turn: Turn) -> Diagnosis | None:
    reply = turn.reply
    assert isinstance(reply, Diagnosis)
    return replace(reply, what_happened=f"told in {language_here()}")


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_card_is_all_in_the_language_of_those_on_call(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords, language: str
) -> None:
    async with running(ws, config, records, made=SpeakingBot) as bot:
        bot.calling = replace(bot.calling, retold=told_here)
        for channel, spoken in ((SUPPORT_CHANNEL, "de"), (ONCALL_CHANNEL, language)):
            policy = ChannelPolicy(language=spoken, version=1)
            bot.policies.kept[PolicyKey(ws.team_id, channel)] = policy
        await bot.start()
        await bot.slack.connect()
        question = await asked(ws, bot)
        shown = words(card_of(ws))
        assert f"told in {language}" in shown
        assert {"en": "I can't tell yet", "de": "Das kann ich noch nicht sagen"}[language] in shown
        assert {"en": "What I found", "de": "Was ich gefunden habe"}[language] in shown
        assert "Eskalation" in " ".join(words(one) for one in ws.replies(question))


async def test_a_sure_verdict_leaves_people_in_peace(ws: LocalWorkspace, bot: CallingBot) -> None:

    bot.calling_answers.script = always(CODE)
    await asked(ws, bot)

    assert cards_of(ws) == []


async def test_the_second_failure_of_the_platform_crosses_its_threshold(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    runs = iter(("r1", "r1", "r2"))

    async def killed(question: Question, channel: ReplyChannel) -> Reply | None:
        return replace(CAPACITY, target=replace(CAPACITY.target, run_id=next(runs)))

    bot.calling_answers.script = killed
    for _ in range(2):  # the same failure is counted once
        await asked(ws, bot)
    assert cards_of(ws) == []
    await asked(ws, bot)

    assert "2 occurrences in 1h" in words(card_of(ws))


async def test_words_call_a_human_and_the_answer_shows_where_it_stands(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await asked(ws, bot, "get me a human")
    assert "nobody has acknowledged" in status_of(ws, question)

    await press(ws, bot, "acknowledge")
    status = status_of(ws, question)
    assert "Somebody is on it" in status
    assert ONCALL.id in status
    assert len(ws.replies(question)) == 1


async def test_the_button_under_an_answer_calls_a_human(
    ws: LocalWorkspace, bot: CallingBot
) -> None:

    bot.calling_answers.script = always(CAPACITY)
    question = await asked(ws, bot)
    answer = ws.replies(question)[0]
    for _ in range(2):
        await ws.press(answer, "ask_human", AUTHOR.id)
        await bot.idle()

    assert (await bot.only()).count == 2
    assert "asked for" in words(card_of(ws))
    assert "A human was called" in status_of(ws, question)


async def test_the_owner_of_the_dag_comes_first_where_it_is_its_code(
    ws: LocalWorkspace, bot: CallingBot
) -> None:

    bot.calling_answers.script = always(CODE)
    question = await asked(ws, bot)
    (turn,) = bot.records.turns.values()
    seen = Evidence(CODE.target, dag=DagDetails("orders_daily", owners=("Orders-Team",)))
    bot.records.turns[turn.id] = replace(turn, evidence=seen)
    await ws.press(ws.replies(question)[0], "ask_human", AUTHOR.id)
    await bot.engine.pass_time(1)

    escalation = await bot.only()
    assert (escalation.state, escalation.responder) == (State.HANDED_ON, PLATFORM.id)
    assert PLATFORM.id in words(ws.replies(card_of(ws))[-1])
    (told,) = direct_to(ws, PLATFORM.id)
    for part in ("a Dag of yours", "orders_daily", place_of(card_of(ws))):
        assert part in words(told)
    assert bot.fake_on_call.pages == []

    await bot.engine.pass_time(10)
    assert [page.level for page in bot.fake_on_call.pages] == [1]


async def test_the_owner_of_a_dag_is_left_in_peace_until_the_quiet_hours_are_over(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> None:
    policy = Policy(levels=2, quiet=quiet_for(hours=3))
    async with running(ws, config, records, policy=policy) as bot:
        one = call(1, "a", bot.engine.now())
        one = replace(one, first=PLATFORM.id, severity=Severity.NORMAL, party=None)
        await bot.escalations.call(one)
        await bot.engine.pass_time(170)
        assert direct_to(ws, PLATFORM.id) == ws.replies(card_of(ws)) == []
        await bot.engine.pass_time(11)

        assert len(direct_to(ws, PLATFORM.id)) == 1
        assert PLATFORM.id in words(ws.replies(card_of(ws))[-1])
        assert bot.fake_on_call.pages == []
        await bot.engine.pass_time(10)
        assert [page.level for page in bot.fake_on_call.pages] == [1]


async def test_whoever_asks_at_night_reads_when_those_on_call_are_called(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> None:
    policy = Policy(levels=2, quiet=quiet_for(hours=3))
    async with running(ws, config, records, policy=policy) as bot:
        question = await asked(ws, bot, "get me a human")
        for said in (status_of(ws, question), words(card_of(ws))):
            assert "Those on call are called at" in said
            assert '"type": "date"' in said
        await bot.engine.pass_time(181)

        for said in (status_of(ws, question), words(card_of(ws))):
            assert "A human was called" in said


async def test_where_nobody_is_on_call_the_asker_is_told_and_the_channel_called_at_once(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> None:
    async with running(ws, config, records, FakeOnCall(people=((), ()))) as bot:
        question = await asked(ws, bot)
        await bot.engine.pass_time(0.1)

        status = status_of(ws, question)
        assert "Nobody is on call at level 2." in status
        assert "The whole channel was called" in status


async def test_without_an_acknowledgement_level_after_level_is_called_then_the_channel(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await asked(ws, bot)
    assert [page.level for page in bot.fake_on_call.pages] == [1]
    assert ONCALL.id in words(ws.replies(card_of(ws))[-1])

    await bot.engine.pass_time(10)
    assert [page.level for page in bot.fake_on_call.pages] == [1, 2]
    assert PLATFORM.id in words(ws.replies(card_of(ws))[-1])

    await bot.engine.pass_time(10)
    called = ws.replies(card_of(ws))
    assert '"range": "channel"' in words(called[-1])
    assert [one.subtype for one in called] == [None, None, "thread_broadcast"]
    await bot.engine.pass_time(3 * 24 * 60)
    assert (await bot.only()).state is State.EXPIRED
    assert "expired" in words(card_of(ws))
    assert len(bot.fake_on_call.pages) == 2


async def test_an_acknowledgement_ends_the_calling_and_tells_the_pager(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await asked(ws, bot)
    await press(ws, bot, "acknowledge")
    await bot.engine.pass_time(60)

    assert [page.level for page in bot.fake_on_call.pages] == [1]
    assert bot.fake_on_call.told == [(1, PageState.ACKNOWLEDGED)]
    assert offers(card_of(ws)) == {"take_over", "mitigate", "resolve", "hand_to", "snooze"}


async def test_the_slower_of_two_is_told_that_somebody_was_quicker(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await asked(ws, bot)
    card = card_of(ws)
    name = action(card, "escalation_acknowledge")
    await ws.press(card, name, ONCALL.id)
    await ws.press(card, name, PLATFORM.id)
    await bot.idle()

    assert (await bot.only()).responder == ONCALL.id
    (told,) = ws.ephemerals(PLATFORM.id)
    assert "quicker" in told.text


async def test_it_is_handed_on_taken_over_put_off_and_mitigated(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await asked(ws, bot)
    await press(ws, bot, "acknowledge")
    await press(ws, bot, "hand_to", chosen=PLATFORM.id)
    assert "It was handed on" in status_of(ws, question)
    assert PLATFORM.id in words(ws.replies(card_of(ws))[-1])
    (told,) = direct_to(ws, PLATFORM.id)
    for part in ("This is yours now.", place_of(card_of(ws))):
        assert part in words(told)

    await press(ws, bot, "take_over", AUTHOR.id)
    assert AUTHOR.id in status_of(ws, question)

    await press(ws, bot, "snooze", AUTHOR.id, "60")
    assert "It is put off until" in status_of(ws, question)
    await bot.engine.pass_time(61)
    assert (await bot.only()).state is State.HANDED_ON
    assert AUTHOR.id in words(ws.replies(card_of(ws))[-1])
    assert len(direct_to(ws, AUTHOR.id)) == 1

    await press(ws, bot, "mitigate", AUTHOR.id)
    assert "The harm has stopped" in status_of(ws, question)


async def resolve(ws: LocalWorkspace, bot: CallingBot) -> None:
    await press(ws, bot, "resolve")
    (form,) = ws.modals(ONCALL.id)
    said = {
        "was_wrong": {"was_wrong": "The export leaked, token hunter2"},
        "fixed_by": {"fixed_by": "Restarted the worker"},
        "bot_was": {"bot_was": "no"},
    }
    await ws.submit(form, said)
    await bot.idle()


async def test_a_resolution_is_kept_and_tells_everybody_who_asked(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    first, second = await asked(ws, bot), await asked(ws, bot, "why is it red?")
    assert (await bot.only()).count == 2
    await resolve(ws, bot)

    truth = await bot.escalations.truth((await bot.only()).id)
    assert truth is not None
    assert (truth.was_wrong, truth.bot) == ("The export leaked, token ****", WasRight.NO)
    for question in (first, second):
        assert "Restarted the worker" in status_of(ws, question)
    assert "The bot was wrong." in words(card_of(ws))
    assert offers(card_of(ws)) == {"reopen", "correct"}
    (draft,) = ws.files()
    assert b"## Fix\n\nRestarted the worker" in draft.content


async def test_what_was_resolved_too_early_is_opened_again(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await asked(ws, bot)
    await resolve(ws, bot)
    await press(ws, bot, "reopen", AUTHOR.id)
    await bot.engine.pass_time(0)

    assert "nobody has acknowledged it yet" in status_of(ws, question)
    assert len(cards_of(ws)) == 1


@pytest.mark.parametrize("is_late", [False, True])
async def test_who_goes_on_in_direct_messages_has_those_on_call_told_what_it_was_about(
    ws: LocalWorkspace, bot: CallingBot, is_late: bool
) -> None:
    bot.calling_answers.script = asking_for_a_human(bot)
    first = await ws.say_directly(AUTHOR.id, "why did orders_daily fail?")
    await ws.wait_for_reply(first)
    await bot.idle()
    if is_late:
        (known,) = bot.records.turns.values()
        before = known.question.asked_at - timedelta(hours=2)
        asked_then = replace(known.question, asked_at=before)
        bot.records.turns[known.id] = replace(known, question=asked_then)
    wanted = await ws.say_directly(AUTHOR.id, "get me a human")
    await ws.wait_for_reply(wanted)
    await bot.engine.pass_time(0)
    card = words(card_of(ws))
    assert ("orders_daily" in card) is not is_late
    assert "asked for" in card


def asking_for_a_human(bot: CallingBot) -> Callable[[Question, ReplyChannel], Awaitable[Reply]]:
    async def script(question: Question, channel: ReplyChannel) -> Reply:
        if "human" in question.text:
            return await bot.escalator.asked(question, "REF123")
        return CODE

    return script


async def test_what_calls_the_whole_channel_says_what_it_is_about(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await asked(ws, bot)
    await bot.engine.pass_time(60)
    title = (await bot.only()).subject.title
    calls = [words(one) for one in ws.replies(card_of(ws)) if one.subtype == "thread_broadcast"]
    assert len(calls) == 2
    assert all(title in one for one in calls)


async def test_a_page_that_failed_is_said_to_have_failed(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    bot.fake_on_call.outcomes = [PageOutcome(PageStatus.FAILED, "pager", "its key was refused")]
    question = await asked(ws, bot)

    for said in (words(card_of(ws)), status_of(ws, question)):
        assert "FAILED: its key was refused" in said


async def test_a_pager_that_answers_at_the_second_try_has_paged(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    bot.fake_on_call.outcomes = [
        PageOutcome(PageStatus.UNCERTAIN, "pager", "the line broke", retry_in=1.0),
        PageOutcome(PageStatus.PAGED, "pager", link="https://pager.example/1"),
    ]
    bot.fake_on_call.in_pager = PageSeen(PageState.GONE)
    await asked(ws, bot)
    assert "Whether the page reached level 1" in words(card_of(ws))
    assert "I keep trying" in words(card_of(ws))
    await bot.engine.pass_time(0.1)

    assert "Paged level 1 (On-call engineer)." in words(card_of(ws))
    assert "https://pager.example/1" in words(card_of(ws))
    assert all(place_of(card_of(ws)) in one.link for one in bot.fake_on_call.pages)


async def test_two_answers_that_did_not_help_call_a_human(
    ws: LocalWorkspace, bot: CallingBot
) -> None:

    bot.calling_answers.script = always(CODE)
    question = await asked(ws, bot)
    answer = ws.replies(question)[0]
    for number, user in enumerate((AUTHOR.id, PLATFORM.id)):
        assert len(cards_of(ws)) == 0, number
        await ws.press(answer, "rate", user, "negative")
        await bot.idle()

    assert "👎 twice" in words(card_of(ws))


async def test_where_the_bot_may_not_post_the_asker_is_told(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    bot.calling = replace(bot.calling, channel="C0GENERAL1")
    await bot.start()
    await bot.slack.connect()
    await ws.wait_for_app()
    question = await asked(ws, bot)

    assert "I may not post in the channel of those on call" in status_of(ws, question)


async def test_the_storm_of_a_minute_changes_the_card_once(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    first = await asked(ws, bot)
    before = len(ws.calls("chat.update"))
    incident = (await bot.only()).key
    for number in range(50):
        storm = replace(call(number, incident, bot.engine.now()), party=None)
        await bot.escalations.call(storm)
    await bot.idle()
    assert len(ws.calls("chat.update")) == before
    await bot.engine.pass_time(1)

    assert len(ws.calls("chat.update")) == before + 1
    assert "51 calls so far" in words(card_of(ws))
    assert len(ws.replies(first)) == 2


async def test_both_threads_hear_each_other_once_and_the_bot_keeps_quiet(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await asked(ws, bot)
    card = card_of(ws)
    before = len(ws.replies(question)), len(ws.replies(card))
    await ws.say(ONCALL_CHANNEL, ONCALL.id, "which file was it, token hunter2?", card.ts)
    await ws.wait_for(lambda: len(ws.replies(question)) > before[0])
    await bot.idle()
    await ws.say(question.channel, AUTHOR.id, "the one of last night <!channel>", question.ts)
    await ws.wait_for(lambda: len(ws.replies(card)) > before[1] + 1)
    await bot.idle()

    heard_by_asker = ws.replies(question)[before[0] :]
    assert len(heard_by_asker) == 2  # what was carried, and what the asker said to it
    assert ONCALL.real_name in words(heard_by_asker[0])
    assert "token ****?" in words(heard_by_asker[0])
    heard_on_call = ws.replies(card)[before[1] :]
    assert len(heard_on_call) == 2
    assert AUTHOR.real_name in words(heard_on_call[1])
    assert "broadcast" not in words(heard_on_call[1])


async def test_after_the_end_nothing_is_carried_any_more(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    question = await asked(ws, bot)
    await resolve(ws, bot)
    before = len(ws.replies(question))
    await ws.say(ONCALL_CHANNEL, ONCALL.id, "thanks all", card_of(ws).ts)
    await bot.idle()

    assert len(ws.replies(question)) == before


@pytest.mark.parametrize("reaction", ["", "words", "emoji"])
async def test_a_question_that_the_bot_alone_answered_calls_a_human_unless_somebody_reacts(
    ws: LocalWorkspace, bot: CallingBot, reaction: str
) -> None:
    bot.calling_answers.script = always(CODE)
    question = await asked(ws, bot)
    (turn,) = bot.records.turns.values()
    place = Place(
        question.channel, AUTHOR.id, question.ts, question.ts, lead="Nobody answered this."
    )
    job = unreacted_job(Asked(turn.question, place, Way.MENTION), 30)
    assert job is not None
    bot.engine.put(job)
    if reaction == "words":
        await ws.say(question.channel, PLATFORM.id, "I look at it", question.ts)
    elif reaction == "emoji":
        ws.actors.react(question.channel, question.ts, PLATFORM.id, "tada")
    await bot.engine.pass_time(29)
    assert cards_of(ws) == []
    await bot.engine.pass_time(1)

    assert len(cards_of(ws)) == (0 if reaction else 1)


async def test_the_command_calls_a_human_and_its_thread_shows_where_it_stands(
    ws: LocalWorkspace, bot: CallingBot
) -> None:
    await ws.command("/airflow", "escalate the pool is full", SUPPORT_CHANNEL, AUTHOR.id)
    await ws.wait_for(lambda: cards_of(ws))
    await bot.engine.pass_time(0)
    await press(ws, bot, "acknowledge")

    (status,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "Somebody is on it" in words(status)
    assert "the pool is full" in words(card_of(ws))
