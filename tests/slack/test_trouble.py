"""What people see in Slack when Slack or the bot is in trouble, or text means harm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.answers import Apology, Reply
from bot.domain.conversations import Score
from bot.domain.errors import BadRequest
from bot.domain.questions import Question
from bot.domain.references import reference_of
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace, Message
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.services.ports import ReplyChannel
from bot.slack.channel import NOT_READ
from bot.slack.posts import ANSWER
from tests.slack.asking import ASK, answered, mention
from tests.slack.doubles import Gate, MemoryRecords, ScriptedAnswers, always
from tests.slack.driver import by_bot, deliver, words
from tests.slack.payloads import says
from tests.slack.replies import CODE, EXPLAINED
from tests.slack.running import RunningBot


async def test_where_the_workspace_has_no_status_lines_a_message_becomes_the_answer(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    refused = Fault(
        FaultKind.REFUSE, "assistant.threads.setStatus", times=None, error="unknown_method"
    )
    ws.faults.add(refused)
    gate = Gate(CODE)
    answers.script = gate
    message = await mention(ws)
    await gate.entered.wait()
    (placeholder,) = await ws.wait_for(lambda: by_bot(ws, SUPPORT_CHANNEL))
    assert "Looking into it" in placeholder.text
    gate.let_go.set()
    answer = await answered(ws, connected, message)
    assert answer.ts == placeholder.ts
    assert answer.metadata is not None
    assert answer.metadata["event_payload"] == {"key": answers.asked[0].id, "revision": ANSWER}
    assert answer.text.startswith("🐞 Your code")
    await answered(ws, connected, await mention(ws))
    # Refused for good, so not asked for a second time.
    assert len(ws.calls("assistant.threads.setStatus")) == 1


async def test_without_the_right_to_react_the_answer_comes_all_the_same(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "reactions.add", times=None, error="missing_scope"))
    message = await mention(ws)
    assert "tell you why" in words(await answered(ws, connected, message))


async def test_a_workspace_that_does_not_know_feedback_buttons_gets_plain_ones(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    records: MemoryRecords,
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.postMessage", times=1, error="invalid_blocks"))
    answers.script = always(CODE)
    answer = await answered(ws, connected, await mention(ws))
    await ws.press(answer, "rate:up", AUTHOR.id)
    await connected.idle()
    assert records.ratings[answers.asked[0].id, AUTHOR.id].score is Score.UP
    await answered(ws, connected, await mention(ws))
    assert len(ws.calls("chat.postMessage")) == 3  # it learned: no second refusal


async def test_where_blocks_are_refused_altogether_the_words_arrive_all_the_same(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.postMessage", times=2, error="msg_blocks_too_long"))
    answers.script = always(CODE)
    answer = await answered(ws, connected, await mention(ws))
    assert answer.blocks == ()
    assert "KeyError: 'amount'" in answer.text


async def test_a_failure_is_one_sentence_in_the_thread_with_a_reference(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    async def broken(question: Question, channel: ReplyChannel) -> Reply:
        raise RuntimeError("xoxb-secret at /srv/bot.py")

    answers.script = broken
    message = await mention(ws)
    answer = await answered(ws, connected, message)
    assert answer.thread_ts == message.ts
    assert reference_of(answers.asked[0].id) in answer.text
    assert "xoxb-secret" not in answer.text + words(answer)
    answers.script = always(CODE)
    await ws.press(answer, "ask_again", AUTHOR.id)
    await connected.idle()
    assert answers.asked[1].text == ASK
    assert answers.asked[1].id != answers.asked[0].id
    assert "KeyError" in words(by_bot(ws, SUPPORT_CHANNEL)[-1])


async def test_what_cannot_be_done_is_said_in_the_words_of_the_error(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    async def refused(question: Question, channel: ReplyChannel) -> Reply:
        raise BadRequest("There is no cluster called “prod2”.")

    answers.script = refused
    answer = await answered(ws, connected, await mention(ws))
    assert "There is no cluster called" in answer.text


@pytest.mark.parametrize(("error", "apologies"), [("is_archived", 0), ("msg_too_long", 1)])
async def test_an_apology_is_tried_only_where_something_can_be_said(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    error: str,
    apologies: int,
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, "chat.postMessage", error=error))
    message = await mention(ws)
    await answers.until_asked(1)
    await connected.idle()
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == apologies
    assert error in str(connected.engine.failed(answers.asked[0].id))
    # The next one in that thread is not held up.
    await mention(ws, thread_ts=message.ts)
    await answers.until_asked(2)
    await connected.idle()
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == apologies + 1


async def test_what_breaks_after_the_answer_is_not_told_as_a_failure_to_answer(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    async def late(question: Question, channel: ReplyChannel) -> Reply:
        await channel.post(CODE, question.id)
        raise RuntimeError("the store is gone")

    answers.script = late
    await answered(ws, connected, await mention(ws))
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


async def test_a_post_whose_outcome_is_unknown_is_not_repeated(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    ws.faults.add(Fault(FaultKind.CUT, "chat.postMessage"))
    answers.script = always(CODE)
    answer = await answered(ws, connected, await mention(ws))
    assert by_bot(ws, SUPPORT_CHANNEL) == [answer]
    assert len(ws.calls("chat.postMessage")) == 1


async def test_a_rate_limit_is_waited_out(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, "chat.postMessage", times=2, seconds=0))
    answer = await answered(ws, connected, await mention(ws))
    assert by_bot(ws, SUPPORT_CHANNEL) == [answer]


async def test_an_answer_that_was_deleted_is_not_lost_when_it_is_refined(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    async def script(question: Question, channel: ReplyChannel) -> Reply:
        ts = await channel.post(CODE, question.id)
        assert ts is not None
        ws.hub.commit(ws.hub.deletion(ws.actors.message(SUPPORT_CHANNEL, ts)))
        return replace(CODE, explanation=EXPLAINED)

    answers.script = script
    message = await mention(ws)
    await ws.wait_for(lambda: ws.calls("chat.update"))
    answer = await answered(ws, connected, message)
    assert "The upstream export renamed" in words(answer)


async def test_nothing_that_is_posted_can_ping_link_or_unfold(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    text = "<!channel> <@U0ONCALL01> <https://evil.example.com|click> https://evil.example.com"
    answers.script = always(Apology("ref", text))
    await answered(ws, connected, await mention(ws))
    (call,) = ws.calls("chat.postMessage")
    assert call.arguments["unfurl_links"] is False
    assert call.arguments["unfurl_media"] is False
    assert call.arguments["parse"] == "none"
    assert "link_names" not in call.arguments
    assert "<" not in call.arguments["text"]
    assert '"link"' not in str(call.arguments["blocks"])


async def alerted(ws: LocalWorkspace) -> Message:
    """A question in a thread whose head says what it is about."""
    alert = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "ALERT: orders_daily.load failed", raw=True)
    return await mention(ws, "why did this fail?", thread_ts=alert.ts)


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMITED, FaultKind.SERVER_ERROR])
async def test_a_thread_that_cannot_be_read_at_once_is_read_a_moment_later(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, kind: FaultKind
) -> None:
    ws.faults.add(Fault(kind, "conversations.replies", times=2, seconds=6))
    await alerted(ws)
    await answers.until_asked(1)
    await connected.idle()
    (earlier,) = answers.asked[0].earlier
    assert "orders_daily.load" in earlier.text
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert NOT_READ not in answer.text + words(answer)


async def test_a_thread_that_cannot_be_read_is_not_taken_for_an_empty_one(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    ws.faults.add(Fault(FaultKind.RATE_LIMITED, "conversations.replies", times=None, seconds=60))
    answers.script = always(CODE, replace(CODE, explanation=EXPLAINED))
    await alerted(ws)
    await answers.until_asked(1)
    await connected.idle()
    assert answers.asked[0].earlier == ()
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "The upstream export renamed" in words(answer)
    assert NOT_READ in words(answer)
    assert NOT_READ in answer.text
    # It is not held up for as long as Slack asks.
    assert max(connected.ledger.slept) <= 8


async def test_an_outage_of_slack_of_half_an_hour_loses_no_answer(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, "*", times=None))

    async def pass_by(seconds: float) -> None:
        await slack.ledger.sleep(seconds)
        if sum(slack.ledger.slept) >= 1_800:
            ws.faults.spare_calls()

    slack.engine.wait = pass_by
    message = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why?", raw=True)
    await deliver(slack, says("app_mention", message.text, ts=message.ts, event_ts=message.ts))
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "KeyError" in words(answer)
    assert answer.thread_ts == message.ts
    assert ws.state.statuses == {}
