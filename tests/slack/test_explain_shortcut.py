"""The shortcut on a message, used by people in a workspace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.domain.questions import Author, Intent
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.changes import MessagePosted
from bot.playground.workspace.interactions import message_shortcut
from bot.playground.workspace.world import AUTHOR, GENERAL_CHANNEL, ONCALL, SUPPORT_CHANNEL
from bot.slack.parse_shortcut import EXPLAIN
from tests.slack.doubles import ScriptedAnswers, always
from tests.slack.driver import by_bot, deliver, words
from tests.slack.replies import CHOICE, CODE
from tests.slack.running import RunningBot

_ALERTS = Path(__file__).parent.parent / "payloads" / "alerts"


def posted(ws: LocalWorkspace, name: str, channel: str = SUPPORT_CHANNEL) -> Message:
    """The recorded message of another app, standing in a channel."""
    payload: dict[str, Any] = json.loads((_ALERTS / f"{name}.json").read_text())
    message = Message(
        channel,
        ws.hub.new_ts(),
        payload.get("user", "U0ALERTS01"),
        payload["text"],
        tuple(payload.get("blocks", ())),
        tuple(payload.get("attachments", ())),
        bot_id=payload.get("bot_id"),
    )
    ws.hub.commit(MessagePosted(message))
    return message


async def test_an_alert_is_explained_in_its_own_thread(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    alert = posted(ws, "slack_webhook_operator")
    assert (await ws.shortcut(EXPLAIN, AUTHOR.id, alert)).taken
    await connected.idle()
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    assert answer.thread_ts == alert.ts
    assert "KeyError" in words(answer)
    (question,) = answers.asked
    assert question.intent is Intent.DIAGNOSE
    assert question.thread.thread == alert.ts
    (seen,) = question.earlier
    assert seen.author is Author.APP
    assert "Dag: orders_daily" in seen.text
    assert seen.links[0].startswith("https://airflow.example.com/dags/orders_daily")


async def test_a_reply_in_a_thread_is_explained_in_that_thread(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    root = await ws.say(SUPPORT_CHANNEL, ONCALL.id, "what a night")
    pasted = await ws.say(SUPPORT_CHANNEL, ONCALL.id, "Dag: orders\nTask: load", root.ts)
    await ws.wait_for(lambda: len(ws.deliveries("message")) == 2)  # talk among people so far
    await ws.shortcut(EXPLAIN, AUTHOR.id, pasted)
    await connected.idle()
    assert by_bot(ws, SUPPORT_CHANNEL)[0].thread_ts == root.ts
    (question,) = answers.asked
    assert question.earlier[0].author is Author.OTHER
    assert "what a night" not in question.earlier[0].text


async def test_where_the_bot_is_no_member_the_one_who_asked_is_answered_in_private(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CODE)
    alert = posted(ws, "pagerduty_incident", GENERAL_CHANNEL)
    await ws.shortcut(EXPLAIN, AUTHOR.id, alert)
    await connected.idle()
    assert by_bot(ws, GENERAL_CHANNEL) == []
    *_, answer = ws.ephemerals(AUTHOR.id)
    assert "KeyError" in words(answer)


async def test_several_failures_come_back_as_buttons(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CHOICE)
    await ws.shortcut(EXPLAIN, AUTHOR.id, posted(ws, "several_labelled"))
    await connected.idle()
    (offer,) = by_bot(ws, SUPPORT_CHANNEL)
    answers.script = always(CODE)
    await ws.press(offer, "choose:0", AUTHOR.id)
    await connected.idle()
    assert len(answers.picked) == 1
    assert "KeyError" in words(by_bot(ws, SUPPORT_CHANNEL)[-1])


async def test_secrets_of_the_alert_are_masked_before_they_are_kept(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    pasted = await ws.say(SUPPORT_CHANNEL, ONCALL.id, "Dag: orders password hunter2")
    await ws.shortcut(EXPLAIN, AUTHOR.id, pasted)
    await connected.idle()
    assert "hunter2" not in json.dumps(list(connected.engine.jobs.values()))
    assert "****" in answers.asked[0].earlier[0].text


@pytest.mark.parametrize("name", sorted(path.stem for path in _ALERTS.glob("*.json")))
async def test_every_alert_reaches_the_answers_with_its_words(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers, name: str
) -> None:
    payload = json.loads((_ALERTS / f"{name}.json").read_text())
    root = posted(ws, "slack_notifier")
    body = message_shortcut(ws.hub, AUTHOR.id, root, EXPLAIN, f"{ws.hub.url}/hooks/none")
    body["message"] = {**payload, "ts": root.ts}
    assert (await deliver(slack, body)).status == 200
    assert answers.asked[0].earlier[0].text
