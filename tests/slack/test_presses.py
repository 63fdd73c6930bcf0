"""What the buttons under an answer do."""

from __future__ import annotations

from bot.domain.conversations import Score
from bot.playground.workspace import UPLOADS_DISABLED, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, ONCALL, SUPPORT_CHANNEL
from tests.slack.asking import answered, mention
from tests.slack.doubles import MemoryRecords, ScriptedAnswers, always
from tests.slack.driver import by_bot, words
from tests.slack.replies import CHOICE, CODE, LOG
from tests.slack.running import RunningBot


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
