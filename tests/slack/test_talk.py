"""What people do with messages besides asking, through the real app in a local workspace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.conversations import Outcome, Score
from bot.domain.questions import Author, EarlierMessage, ThreadKey
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, ONCALL, SUPPORT_CHANNEL
from bot.slack.posts import EDITION
from bot.slack.presses import RATING_FORM, Press
from tests.slack.asking import answered, mention
from tests.slack.doubles import Gate, ScriptedAnswers, always
from tests.slack.driver import by_bot, deliver, words
from tests.slack.replies import CODE, HELP, LOG
from tests.slack.running import RunningBot
from tests.waiting import until

UP_NAMES = ["+1", "thumbsup", "+1::skin-tone-4"]
DOWN_NAMES = ["-1", "thumbsdown", "-1::skin-tone-2"]


@pytest.fixture
async def question(ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers) -> Message:
    answers.script = always(CODE)
    return await mention(ws)


@pytest.fixture
async def answer(ws: LocalWorkspace, connected: RunningBot, question: Message) -> Message:
    return await answered(ws, connected, question)


def reaction_event(ws: LocalWorkspace, message: Message, **inner: object) -> dict[str, object]:
    event = {
        "type": "reaction_added",
        "user": AUTHOR.id,
        "reaction": "+1",
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
        "item_user": ws.bot_user_id,
        "event_ts": "1900000000.000100",
    } | inner
    return {"type": "event_callback", "event_id": "Ev1", "team_id": ws.team_id, "event": event}


def turn_of(ws: LocalWorkspace, question: Message) -> str:
    return f"{ws.team_id}:{question.channel}:{question.ts}"


def handle(ws: LocalWorkspace) -> str:
    """How people type the name of the bot."""
    return f"@{ws.hub.world.bot.name}"


async def until_quiet(ws: LocalWorkspace, bot: RunningBot) -> None:
    """Until all that was sent has arrived and is worked off."""

    async def has_arrived() -> bool:
        return ws.dispatcher.under_way == 0

    await until(has_arrived, "the end of all deliveries")
    await bot.idle()


# Reactions


@pytest.mark.parametrize("name", UP_NAMES + DOWN_NAMES)
async def test_a_thumb_counts_by_whichever_name_and_its_removal_takes_it_back(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message, name: str
) -> None:
    on = reaction_event(ws, answer, reaction=name)
    await deliver(connected, on)
    found = connected.talk.rating(turn_of(ws, question), AUTHOR.id)
    assert found is not None
    assert found.score is (Score.UP if name in UP_NAMES else Score.DOWN)
    off = reaction_event(
        ws, answer, reaction=name, type="reaction_removed", event_ts="1900000001.000100"
    )
    await deliver(connected, off)
    assert connected.talk.rating(turn_of(ws, question), AUTHOR.id) is None


async def test_a_reaction_and_its_removal_may_arrive_the_wrong_way_round(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    on = reaction_event(ws, answer)
    off = reaction_event(ws, answer, type="reaction_removed", event_ts="1900000001.000100")
    for payload in (off, on, off, on):
        await deliver(connected, payload)
    assert connected.talk.rating(turn_of(ws, question), AUTHOR.id) is None


async def test_a_thumb_down_by_reaction_offers_quietly_to_say_what_was_wrong(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    said = len(by_bot(ws, SUPPORT_CHANNEL))
    ws.actors.react(answer.channel, answer.ts, ONCALL.id, "-1")
    await until_quiet(ws, connected)
    (note,) = ws.ephemerals(ONCALL.id)
    assert "What went wrong?" in words(note)
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == said
    await ws.press(note, Press.TELL_MORE, ONCALL.id)
    (form,) = ws.state.modals.values()
    assert form.definition["callback_id"] == RATING_FORM
    await ws.submit(form, {"why": {"why": "wrong_verdict"}, "comment": {"comment": "It was S3"}})
    await until_quiet(ws, connected)
    kept = connected.records.ratings[turn_of(ws, question), ONCALL.id]
    assert (kept.score, kept.comment, kept.source) == (Score.DOWN, "It was S3", "-1")


async def test_reactions_on_what_others_said_and_those_that_say_nothing_are_left_alone(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    ws.actors.react(question.channel, question.ts, ONCALL.id, "+1")
    ws.actors.react(answer.channel, answer.ts, ONCALL.id, "tada")
    await until_quiet(ws, connected)
    assert connected.talk.signs == {}
    assert ws.ephemerals(ONCALL.id) == []


# Solved


async def test_the_asker_closes_the_thread_and_may_take_it_back(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    thread = ThreadKey(ws.team_id, question.channel, question.ts)
    await ws.press(answer, Press.SOLVED, AUTHOR.id)
    await until_quiet(ws, connected)
    assert "white_check_mark" in [one.name for one in ws.current(question).reactions]
    assert connected.talk.outcomes[thread][0] is Outcome.SOLVED
    (note,) = ws.ephemerals(AUTHOR.id)
    await ws.press(note, Press.NOT_SOLVED, AUTHOR.id)
    await until_quiet(ws, connected)
    assert "white_check_mark" not in [one.name for one in ws.current(question).reactions]
    assert connected.talk.outcomes[thread][0] is Outcome.OPEN


async def test_somebody_else_cannot_close_it_and_is_told_so_quietly(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    await ws.press(answer, Press.SOLVED, ONCALL.id)
    ws.actors.react(answer.channel, answer.ts, ONCALL.id, "white_check_mark")
    await until_quiet(ws, connected)
    assert connected.talk.outcomes == {}
    (note,) = ws.ephemerals(ONCALL.id)
    assert "Only the person who asked" in words(note)


async def test_a_check_mark_by_the_asker_closes_and_a_later_question_opens_it_again(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    ws.actors.react(answer.channel, answer.ts, AUTHOR.id, "white_check_mark")
    await until_quiet(ws, connected)
    assert "white_check_mark" in [one.name for one in ws.current(question).reactions]
    await mention(ws, "and why again?", thread_ts=question.ts)
    await until_quiet(ws, connected)
    thread = ThreadKey(ws.team_id, question.channel, question.ts)
    assert connected.talk.outcomes[thread][0] is Outcome.REOPENED
    assert "white_check_mark" not in [one.name for one in ws.current(question).reactions]


# Edits


async def test_an_edited_question_is_answered_anew_in_place(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    question: Message,
    answer: Message,
) -> None:
    answers.script = always(HELP)
    ws.actors.edit(question.channel, question.ts, AUTHOR.id, f"{handle(ws)} help me instead")
    await until_quiet(ws, connected)
    (now,) = by_bot(ws, SUPPORT_CHANNEL)
    assert now.ts == answer.ts
    assert "I tell you why" in now.text
    assert answers.asked[-1].text == "help me instead"
    row = connected.ledger.kept.rows[turn_of(ws, question)]
    assert row.revision >= EDITION


async def test_an_edit_while_work_is_under_way_wins_with_one_answer(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    gate = Gate(CODE)
    answers.script = gate
    question = await mention(ws)
    await gate.entered.wait()
    answers.script = always(HELP)
    ws.actors.edit(question.channel, question.ts, AUTHOR.id, f"{handle(ws)} help")
    await until_quiet(ws, connected)
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "help" in answer.text.lower()
    assert [one.text for one in answers.asked] == ["why did orders_daily fail?", "help"]


async def test_what_slack_itself_changes_and_an_edit_that_calls_no_more_leave_the_answer(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    question: Message,
    answer: Message,
) -> None:
    for text in (f"{ws.mention} why did orders_daily fail?", "why did orders_daily fail?"):
        typed = text.replace(ws.mention, handle(ws))
        ws.actors.edit(question.channel, question.ts, AUTHOR.id, typed)
        await until_quiet(ws, connected)
    unfurled = changed(ws, question, attachments=[{"text": "a preview of some page"}])
    await deliver(connected, unfurled)
    assert len(answers.asked) == 1
    assert ws.current(answer) == answer


def changed(ws: LocalWorkspace, message: Message, **after: object) -> dict[str, object]:
    said = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
    event = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": message.channel,
        "channel_type": "channel",
        "message": said | after,
        "previous_message": said,
        "ts": "1900000000.000100",
        "event_ts": "1900000000.000100",
    }
    return {"type": "event_callback", "event_id": "Ev2", "team_id": ws.team_id, "event": event}


async def test_the_file_of_an_answer_goes_when_its_question_gets_other_words(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(LOG)
    question = await mention(ws, "log of orders_daily")
    await until_quiet(ws, connected)
    assert len(ws.state.files) == 1
    answers.script = always(HELP)
    ws.actors.edit(question.channel, question.ts, AUTHOR.id, f"{handle(ws)} help")
    await until_quiet(ws, connected)
    assert ws.state.files == {}


# Deletions


async def test_with_a_question_goes_our_answer_its_file_and_all_that_was_kept(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(LOG)
    question = await mention(ws, "log of orders_daily, my secret words")
    await until_quiet(ws, connected)
    ws.actors.delete(question.channel, question.ts, AUTHOR.id)
    await until_quiet(ws, connected)
    assert by_bot(ws, SUPPORT_CHANNEL) == []
    assert ws.state.files == {}
    assert connected.records.turns == {}
    assert kept_of(connected, "secret words") == []


async def test_with_a_root_goes_the_whole_thread_of_ours(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    follow_up = await mention(ws, "and yesterday?", thread_ts=question.ts)
    await until_quiet(ws, connected)
    ws.actors.delete(question.channel, question.ts, AUTHOR.id)
    await until_quiet(ws, connected)
    assert by_bot(ws, SUPPORT_CHANNEL) == []
    assert connected.records.turns == {}
    assert ws.current(follow_up).user == AUTHOR.id


async def test_one_question_of_a_thread_takes_its_own_answer_along(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    follow_up = await mention(ws, "and yesterday?", thread_ts=question.ts)
    await until_quiet(ws, connected)
    ws.actors.delete(question.channel, follow_up.ts, AUTHOR.id)
    await until_quiet(ws, connected)
    assert [one.ts for one in by_bot(ws, SUPPORT_CHANNEL)] == [answer.ts]
    assert list(connected.records.turns) == [turn_of(ws, question)]


async def test_work_on_a_deleted_question_ends_without_a_word(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    gate = Gate(CODE)
    answers.script = gate
    question = await mention(ws)
    await gate.entered.wait()
    ws.actors.delete(question.channel, question.ts, AUTHOR.id)
    await until_quiet(ws, connected)
    assert by_bot(ws, SUPPORT_CHANNEL) == []
    assert connected.records.turns == {}
    assert kept_of(connected, "orders_daily") == []


async def test_a_deletion_may_arrive_before_the_question(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    ws.faults.delivery = replace(ws.faults.delivery, hold=True)
    question = await mention(ws, "my secret words")
    ws.actors.delete(question.channel, question.ts, AUTHOR.id)
    ws.dispatcher.release(reverse=True)
    await until_quiet(ws, connected)
    assert answers.asked == []
    assert by_bot(ws, SUPPORT_CHANNEL) == []
    assert kept_of(connected, "secret words") == []


async def test_a_deleted_message_is_no_longer_kept_as_said_before_a_question(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    remark = await ws.say(question.channel, ONCALL.id, "thanks all", question.ts)
    await until_quiet(ws, connected)
    turn = connected.records.turns[turn_of(ws, question)]
    said = EarlierMessage(Author.OTHER, "thanks all", remark.ts)
    asked = replace(turn.question, earlier=(said,))
    connected.records.turns[turn.id] = replace(turn, question=asked)
    ws.actors.delete(remark.channel, remark.ts, ONCALL.id)
    await until_quiet(ws, connected)
    assert connected.records.turns[turn.id].question.earlier == ()
    assert [one.ts for one in by_bot(ws, SUPPORT_CHANNEL)] == [answer.ts]


async def test_what_was_said_in_a_channel_is_forgotten_once_the_bot_is_out(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    ws.actors.remove_app(SUPPORT_CHANNEL, AUTHOR.id)
    await until_quiet(ws, connected)
    assert connected.records.turns == {}
    assert kept_of(connected, "orders_daily") == []


def kept_of(bot: RunningBot, text: str) -> list[str]:
    """Keys of durable work that still holds these words, in its input, results or end."""
    engine = bot.engine
    kept = {key: "".join(text for _, text in steps) for key, steps in engine.kept.items()}
    places = (engine.jobs, engine.outcomes, kept)
    return [key for place in places for key, written in place.items() if text in written]


# Keeping out


@pytest.mark.parametrize("text", ["not you", "Stop replying, please.", "@airflow mute"])
async def test_told_to_keep_out_it_is_silent_until_somebody_calls_it(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    question: Message,
    answer: Message,
    text: str,
) -> None:
    await ws.say(question.channel, ONCALL.id, text.replace("@airflow", handle(ws)), question.ts)
    await until_quiet(ws, connected)
    (note,) = ws.ephemerals(ONCALL.id)
    assert "stay out" in words(note)
    await ws.say(question.channel, ONCALL.id, "why did it fail?", question.ts)
    await until_quiet(ws, connected)
    assert len(answers.asked) == 1
    await mention(ws, "why did it fail?", thread_ts=question.ts)
    await until_quiet(ws, connected)
    await ws.say(question.channel, ONCALL.id, "and why yesterday?", question.ts)
    await until_quiet(ws, connected)
    assert len(answers.asked) == 3


async def test_the_button_under_an_answer_nobody_called_for_sends_the_bot_away(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    question: Message,
    answer: Message,
) -> None:
    assert Press.KEEP_OUT.value not in words(answer)
    await ws.say(question.channel, ONCALL.id, "why did it fail?", question.ts)
    await until_quiet(ws, connected)
    follow_up = by_bot(ws, SUPPORT_CHANNEL)[-1]
    await ws.press(follow_up, Press.KEEP_OUT, ONCALL.id)
    await until_quiet(ws, connected)
    await ws.say(question.channel, ONCALL.id, "why else?", question.ts)
    await until_quiet(ws, connected)
    assert len(answers.asked) == 2
    (note,) = ws.ephemerals(ONCALL.id)
    await ws.press(note, Press.COME_BACK, ONCALL.id)
    await until_quiet(ws, connected)
    await ws.say(question.channel, ONCALL.id, "why at all?", question.ts)
    await until_quiet(ws, connected)
    assert len(answers.asked) == 3


async def test_a_mute_reaction_on_an_answer_sends_the_bot_away(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    question: Message,
    answer: Message,
) -> None:
    await deliver(connected, reaction_event(ws, answer, reaction="mute"))
    await ws.say(question.channel, ONCALL.id, "why did it fail?", question.ts)
    await until_quiet(ws, connected)
    assert len(answers.asked) == 1


# Stopping


async def test_the_asker_stops_the_work_and_can_ask_again(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    gate = Gate(CODE)
    answers.script = gate
    question = await mention(ws)
    await gate.entered.wait()
    ws.actors.stop_session(question.channel, question.ts, ONCALL.id)
    await ws.wait_for(lambda: bool(ws.ephemerals(ONCALL.id)))
    assert "Only the person who asked" in words(ws.ephemerals(ONCALL.id)[0])
    ws.actors.stop_session(question.channel, question.ts, AUTHOR.id)
    await until_quiet(ws, connected)
    (told,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "Stopped." in words(told)
    assert Press.ASK_AGAIN in words(told)
    assert ws.current(question).reactions == ()
    assert ws.state.statuses == {}
    answers.script = always(HELP)
    await ws.press(told, Press.ASK_AGAIN, AUTHOR.id)
    await until_quiet(ws, connected)
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 2


async def test_the_button_on_the_sign_of_work_stops_it(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    gate = Gate(CODE)
    answers.script = gate
    await ws.command("/airflow", "why orders_daily", SUPPORT_CHANNEL, AUTHOR.id)
    await gate.entered.wait()
    (sign,) = by_bot(ws, SUPPORT_CHANNEL)
    await ws.press(sign, Press.STOP, ONCALL.id)
    await ws.wait_for(lambda: bool(ws.ephemerals(ONCALL.id)))
    await ws.press(sign, Press.STOP, AUTHOR.id)
    await until_quiet(ws, connected)
    (told,) = by_bot(ws, SUPPORT_CHANNEL)
    assert told.ts == sign.ts
    assert "Stopped." in words(told)


async def test_the_word_stops_the_work_in_a_thread_of_direct_messages_too(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    gate = Gate(CODE)
    answers.script = gate
    question = await ws.say_directly(AUTHOR.id, "why did orders_daily fail?")
    await gate.entered.wait()
    await ws.say_directly(AUTHOR.id, "stop", question.ts)
    await until_quiet(ws, connected)
    (told,) = by_bot(ws, question.channel)
    assert "Stopped." in words(told)
    assert len(answers.asked) == 1


async def test_stopping_what_has_ended_is_answered_quietly(
    ws: LocalWorkspace, connected: RunningBot, question: Message, answer: Message
) -> None:
    await mention(ws, "stop", thread_ts=question.ts)
    await until_quiet(ws, connected)
    (note,) = ws.ephemerals(AUTHOR.id)
    assert "nothing to stop" in words(note)
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1
