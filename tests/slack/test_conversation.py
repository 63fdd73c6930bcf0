"""What people see in Slack: over a local workspace with our own manifest installed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.answers import Apology, Reply
from bot.domain.conversations import Score
from bot.domain.errors import BadRequest
from bot.domain.questions import Author, Intent, Question
from bot.domain.references import reference_of
from bot.playground.workspace import (
    UPLOADS_DISABLED,
    DeliveryFaults,
    Fault,
    FaultKind,
    LocalWorkspace,
    Message,
)
from bot.playground.workspace.world import (
    AUTHOR,
    GENERAL_CHANNEL,
    ONCALL,
    PRIVATE_CHANNEL,
    SUPPORT_CHANNEL,
)
from bot.services.ports import ReplyChannel
from tests.slack.doubles import Gate, MemoryRecords, ScriptedAnswers, always
from tests.slack.driver import by_bot, words
from tests.slack.replies import CHOICE, CODE, EXPLAINED, HEALTH, HELP, LOG, STATUS
from tests.slack.running import RunningBot

ASK = "why did orders_daily fail?"


async def mention(ws: LocalWorkspace, text: str = ASK, **where: str) -> Message:
    channel = where.get("channel", SUPPORT_CHANNEL)
    thread = where.get("thread_ts")
    return await ws.say(channel, AUTHOR.id, f"{ws.mention} {text}", thread, raw=True)


async def answered(ws: LocalWorkspace, slack: RunningBot, message: Message) -> Message:
    """The bot's answer, once nothing is under way any more."""
    await ws.wait_for_reply(message)
    await slack.idle()
    return next(m for m in ws.replies(message) if m.bot_id and m.ephemeral_to is None)


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
    (placeholder,) = by_bot(ws, SUPPORT_CHANNEL)
    assert "Looking into it" in placeholder.text
    gate.let_go.set()
    answer = await answered(ws, connected, message)
    assert answer.ts == placeholder.ts
    assert answer.metadata is not None
    assert answer.metadata["event_payload"] == {"key": answers.asked[0].id, "revision": 2}
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


async def test_a_command_opens_a_thread_in_which_follow_ups_are_heard(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    outcome = await ws.command("/airflow", "why orders_daily", SUPPORT_CHANNEL, AUTHOR.id)
    assert outcome.taken
    await connected.idle()
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert answer.thread_ts is None
    assert "/airflow why orders_daily" in words(answer)
    assert AUTHOR.id in words(answer)
    assert answers.asked[0].intent is Intent.DIAGNOSE
    assert answers.asked[0].thread.thread == answer.ts
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "and try 1?", answer.ts)
    await answers.until_asked(2)


@pytest.mark.parametrize("channel", [GENERAL_CHANNEL, PRIVATE_CHANNEL])
async def test_where_the_bot_is_no_member_the_command_is_answered_in_private(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, channel: str
) -> None:
    answers.script = always(HEALTH)
    members = ws.state.channels[channel].members - {ws.bot_user_id}
    asker = sorted(members)[0]
    if ws.bot_user_id in ws.state.channels[channel].members:
        ws.actors.remove_app(channel, asker)
    await ws.command("/airflow", "health", channel, asker)
    await connected.idle()
    looking, answer = ws.ephemerals(asker)
    assert "Looking into it" in looking.text
    assert "Airflow is not well" in answer.text
    assert by_bot(ws, channel) == []


async def test_a_private_answer_gets_the_models_words_as_an_addition(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE, replace(CODE, explanation=EXPLAINED))
    await ws.command("/airflow", "why orders_daily", GENERAL_CHANNEL, AUTHOR.id)
    await connected.idle()
    _, answer, addition = ws.ephemerals(AUTHOR.id)
    assert "KeyError" in words(answer)
    assert "The upstream export renamed" in words(addition)
    assert "KeyError" not in words(addition)


async def test_a_private_answer_that_was_amended_is_told_anew(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    amended = replace(CODE, what_happened="The log, read to its end, tells another story.")
    answers.script = always(CODE, amended)
    await ws.command("/airflow", "why orders_daily", GENERAL_CHANNEL, AUTHOR.id)
    await connected.idle()
    *_, last = ws.ephemerals(AUTHOR.id)
    assert "another story" in words(last)


@pytest.mark.parametrize("text", ["help", "", "explode everything"])
async def test_help_is_for_the_one_who_asked(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, text: str
) -> None:
    answers.script = always(HELP)
    await ws.command("/airflow", text, SUPPORT_CHANNEL, AUTHOR.id)
    await connected.idle()
    (answer,) = ws.ephemerals(AUTHOR.id)
    assert "tell you why" in answer.text
    assert by_bot(ws, SUPPORT_CHANNEL) == []


async def test_the_evidence_is_shown_to_the_one_who_asks_for_it(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    answer = await answered(ws, connected, await mention(ws))
    await ws.press(answer, "evidence", ONCALL.id)
    await connected.idle()
    (evidence,) = ws.ephemerals(ONCALL.id)
    assert evidence.thread_ts == answer.thread_ts
    assert "oom killed" in words(evidence)
    assert "Audit Logs.can_read" in words(evidence)
    assert "Clear the task once the fix is deployed." in words(evidence)


async def test_the_log_excerpt_comes_as_a_file_into_the_thread(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    answer = await answered(ws, connected, await mention(ws))
    await ws.press(answer, "log_excerpt", ONCALL.id)
    await connected.idle()
    (file,) = ws.files()
    assert file.name == "orders_daily.load-try2.log.txt"
    content = file.content.decode()
    assert "   118 2026-11-21 02:16:01 ERROR Traceback" in content
    assert "… 114 lines …" in content
    shared = next(m for m in ws.messages(SUPPORT_CHANNEL) if m.files)
    assert shared.thread_ts == answer.thread_ts


async def test_where_uploads_are_refused_the_log_excerpt_is_text(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    ws.faults.add(UPLOADS_DISABLED)
    answers.script = always(CODE)
    answer = await answered(ws, connected, await mention(ws))
    await ws.press(answer, "log_excerpt", ONCALL.id)
    await connected.idle()
    assert ws.files() == []
    (excerpt,) = ws.ephemerals(ONCALL.id)
    assert "KeyError: 'amount'" in words(excerpt)


async def test_a_log_that_was_asked_for_comes_with_its_file(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(LOG)
    answer = await answered(ws, connected, await mention(ws, "logs of orders_daily.load"))
    assert "KeyError" in words(answer)
    assert [file.name for file in ws.files()] == ["orders_daily.load-try2.log.txt"]


async def test_buttons_of_an_answer_that_is_gone_say_so(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    records: MemoryRecords,
) -> None:
    answers.script = always(CODE)
    answer = await answered(ws, connected, await mention(ws))
    records.turns.clear()
    await ws.press(answer, "evidence", ONCALL.id)
    await connected.idle()
    (sorry,) = ws.ephemerals(ONCALL.id)
    assert "ask the question again" in sorry.text
    assert sorry.thread_ts == answer.thread_ts


async def test_a_choice_goes_on_with_the_option_that_was_pressed(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CHOICE)
    message = await mention(ws)
    offer = await answered(ws, connected, message)
    answers.script = always(CODE)
    await ws.press(offer, "choose:1", ONCALL.id)
    await ws.press(offer, "choose:1", ONCALL.id)
    await connected.idle()
    assert answers.picked == [(answers.asked[0].id, 1)]
    assert answers.asked[1].asker.user_id == ONCALL.id
    assert answers.asked[1].thread == answers.asked[0].thread
    assert [one.thread_ts for one in by_bot(ws, SUPPORT_CHANNEL)] == [message.ts] * 2


async def test_the_menu_offers_what_the_buttons_have_no_room_for(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CHOICE)
    offer = await answered(ws, connected, await mention(ws))
    menu = next(
        element
        for block in offer.blocks
        for element in block.get("elements", ())
        if element.get("type") == "static_select"
    )
    await ws.press(offer, "choose:menu", AUTHOR.id, menu["options"][0]["value"])
    await connected.idle()
    assert answers.picked == [(answers.asked[0].id, 5)]


async def test_a_thumb_up_is_kept_and_can_be_changed(
    ws: LocalWorkspace,
    connected: RunningBot,
    answers: ScriptedAnswers,
    records: MemoryRecords,
) -> None:
    answers.script = always(CODE)
    answer = await answered(ws, connected, await mention(ws))
    turn_id = answers.asked[0].id
    await ws.press(answer, "rate", AUTHOR.id, f"up|{turn_id}")
    await connected.idle()
    assert records.ratings[turn_id, AUTHOR.id].score is Score.UP
    (thanks,) = ws.ephemerals(AUTHOR.id)
    assert thanks.thread_ts == answer.thread_ts
    await ws.press(answer, "rate", AUTHOR.id, f"down|{turn_id}")
    await connected.idle()
    assert records.ratings[turn_id, AUTHOR.id].score is Score.DOWN
    (form,) = ws.modals(AUTHOR.id)
    await ws.submit(form, {"why": {"why": "wrong_verdict"}, "comment": {"comment": "the network"}})
    await connected.idle()
    rating = records.ratings[turn_id, AUTHOR.id]
    assert (rating.reason, rating.comment) == ("wrong_verdict", "the network")
    assert ws.modals(AUTHOR.id) == []


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
