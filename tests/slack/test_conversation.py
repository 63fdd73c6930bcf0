"""What people see in Slack when they ask in threads and direct messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.answers import Reply
from bot.domain.questions import Author, Question
from bot.playground.workspace import DeliveryFaults, Fault, FaultKind, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, ONCALL, SUPPORT_CHANNEL
from bot.services.ports import ReplyChannel
from tests.slack.asking import answered, mention
from tests.slack.doubles import Gate, ScriptedAnswers, always
from tests.slack.driver import by_bot, words
from tests.slack.replies import CODE, EXPLAINED, STATUS
from tests.slack.running import RunningBot


async def test_a_mention_is_seen_at_once_and_answered_once_in_its_thread(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    gate = Gate(CODE)
    answers.script = gate
    message = await mention(ws)
    await gate.entered.wait()
    assert [one.name for one in ws.current(message).reactions] == ["eyes"]
    status = ws.state.statuses[SUPPORT_CHANNEL, message.ts]
    assert "looking" in status.text
    assert by_bot(ws, SUPPORT_CHANNEL) == []
    gate.let_go.set()
    answer = await answered(ws, connected, message)
    assert answer.thread_ts == message.ts
    assert answer.text.startswith("🐞 Your code")
    assert "KeyError" in words(answer)
    assert by_bot(ws, SUPPORT_CHANNEL) == [answer]
    assert (SUPPORT_CHANNEL, message.ts) not in ws.state.statuses


async def test_message_and_mention_and_their_duplicates_are_one_question(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    ws.faults.delivery = DeliveryFaults(duplicates=2)
    message = await mention(ws)
    await answered(ws, connected, message)
    await ws.wait_for(lambda: len(ws.deliveries()) >= 6)
    await connected.idle()
    assert len(answers.asked) == 1
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


async def test_the_answer_is_refined_in_place(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE, replace(CODE, explanation=EXPLAINED))
    message = await mention(ws)
    answer = await answered(ws, connected, message)
    assert by_bot(ws, SUPPORT_CHANNEL) == [answer]
    assert "The upstream export renamed" in words(answer)
    assert "small-model" in words(answer)


async def test_progress_is_shown_until_the_answer_is_there(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    shown: list[str] = []

    async def script(question: Question, channel: ReplyChannel) -> Reply:
        await channel.progress("Reading the log")
        found = await ws.wait_for(
            lambda: [
                line
                for status in ws.state.statuses.values()
                for line in status.loading_messages
                if line.startswith("Reading")
            ]
        )
        shown.extend(found)
        return CODE

    answers.script = script
    await answered(ws, connected, await mention(ws))
    assert shown == ["Reading the log"]
    assert ws.state.statuses == {}


async def test_a_direct_message_is_answered_in_its_own_thread(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(STATUS)
    message = await ws.say_directly(AUTHOR.id, "status of orders_daily")
    answer = await answered(ws, connected, message)
    assert answer.thread_ts == message.ts
    assert answers.asked[0].is_direct


async def test_the_alert_at_the_head_of_a_thread_comes_with_the_question(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    alert = await ws.say(SUPPORT_CHANNEL, ONCALL.id, "*Dag*: billing *Task*: charge", raw=True)
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "password=hunter2 did not help", alert.ts)
    message = await mention(ws, "what now?", thread_ts=alert.ts)
    await answered(ws, connected, message)
    earlier = answers.asked[0].earlier
    assert [(one.author, one.text) for one in earlier] == [
        (Author.OTHER, "Dag: billing Task: charge"),
        (Author.ASKER, "password=**** did not help"),
    ]
    assert answers.asked[0].thread.thread == alert.ts


async def test_of_a_long_thread_the_head_and_the_newest_messages_are_read(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    head = await ws.say(SUPPORT_CHANNEL, ONCALL.id, "message 0")
    for number in range(1, 231):
        await ws.say(SUPPORT_CHANNEL, ONCALL.id, f"message {number}", head.ts)
    message = await mention(ws, "so?", thread_ts=head.ts)
    await answered(ws, connected, message)
    texts = [one.text for one in answers.asked[0].earlier]
    assert texts[0] == "message 0"
    assert texts[-1] == "message 230"
    assert len(texts) == 40
    assert len(ws.calls("conversations.replies")) == 2


async def test_a_thread_that_may_not_be_read_is_done_without(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    refused = Fault(FaultKind.REFUSE, "conversations.replies", times=None, error="missing_scope")
    ws.faults.add(refused)
    head = await ws.say(SUPPORT_CHANNEL, ONCALL.id, "Dag: billing")
    await answered(ws, connected, await mention(ws, thread_ts=head.ts))
    assert answers.asked[0].earlier == ()


async def test_a_follow_up_needs_no_mention_where_the_bot_is_engaged(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    message = await mention(ws)
    await answered(ws, connected, message)
    await ws.say(SUPPORT_CHANNEL, ONCALL.id, "and try 1?", message.ts)
    await ws.wait_for(lambda: len(by_bot(ws, SUPPORT_CHANNEL)) == 2)
    await connected.idle()
    assert answers.asked[1].text == "and try 1?"
    assert not answers.asked[1].is_addressed
    assert answers.asked[1].earlier[1].author is Author.BOT


async def test_a_follow_up_counts_while_the_first_question_is_still_open(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    gate = Gate(CODE)
    answers.script = gate
    message = await mention(ws)
    await gate.entered.wait()
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "try 2, I mean", message.ts)
    await ws.wait_for(lambda: len(ws.deliveries("message")) == 2)
    gate.let_go.set()
    await ws.wait_for(lambda: len(by_bot(ws, SUPPORT_CHANNEL)) == 2)
    assert answers.most_under_way == 1


@pytest.mark.parametrize("in_thread", [True, False])
async def test_talk_among_people_is_left_alone(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, in_thread: bool
) -> None:
    head = await ws.say(SUPPORT_CHANNEL, ONCALL.id, "the warehouse is slow today")
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "oh no", head.ts if in_thread else None)
    await ws.wait_for(lambda: len(ws.deliveries("message")) == 2)
    await connected.idle()
    assert answers.asked == []
    assert ws.calls("chat.postMessage") == []
    assert ws.calls("reactions.add") == []


async def test_a_remark_that_wants_no_answer_leaves_no_trace(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    async def nothing(question: Question, channel: ReplyChannel) -> Reply | None:
        await channel.acknowledge()
        return None

    message = await mention(ws)
    await answered(ws, connected, message)
    answers.script = nothing
    remark = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "thanks!", message.ts)
    await answers.until_asked(2)
    await connected.idle()
    assert ws.current(remark).reactions == ()
    assert ws.state.statuses == {}
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


async def test_one_thread_has_one_turn_at_a_time_and_threads_do_not_wait_for_each_other(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    gate = Gate(CODE)
    answers.script = gate
    first = await mention(ws)
    await mention(ws, "and now?", thread_ts=first.ts)
    await mention(ws, "something else")
    await answers.until_asked(2)
    assert answers.most_under_way == 2
    assert {one.thread.thread == first.ts for one in answers.asked} == {True, False}
    gate.let_go.set()
    await ws.wait_for(lambda: len(by_bot(ws, SUPPORT_CHANNEL)) == 3)
