"""Ways into the bot and on from an answer, each through the whole bot to the reader's screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.domain.conversations import Score
from bot.playground.workspace import Message
from bot.playground.workspace.changes import MessagePosted
from bot.slack.presses import Press
from tests.end_to_end.conftest import Stage, bot_between, shown
from tests.waiting import until

MAPPED = "pipeline_31474"  # task score, map index 37 of 50
KEY_ERROR = "pipeline_70373"  # task enrich
VARIABLE = "pipeline_62808"  # task use_var
UPSTREAM = "pipeline_77776"  # extract fails, load and report wait for it
UNREGISTERED = "pipeline_92942"  # its file does not import

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    recorded = [UNREGISTERED, MAPPED, KEY_ERROR, VARIABLE, UPSTREAM]
    async with bot_between(tmp_path_factory.mktemp("bot"), recorded) as stage:
        yield stage


def alerted(stage: Stage, **said: Any) -> Message:
    """An alert of another app at the head of a thread."""
    hub = stage.ws.hub
    alert = Message(stage.channel, hub.new_ts(), "U0ALERTBOT", bot_id="B0ALERTS", **said)
    hub.commit(MessagePosted(alert))
    return alert


RUN = "manual__2026-11-22T05:50:13.565821+00:00"
ALERTS: dict[str, dict[str, Any]] = {
    "repr in an attachment": {
        "attachments": (
            {
                "id": 1,
                "color": "d50200",
                "title": f"Airflow alert: &lt;TaskInstance: {KEY_ERROR}.enrich {RUN} [failed]&gt;",
                "text": "Exception: see the log",
            },
        )
    },
    "labelled lines": {
        "text": f":red_circle: Task Failed.\n*Task*: enrich\n*Dag*: {KEY_ERROR}\n*Run*: {RUN}"
    },
    "subject of the e-mail notifier": {
        "text": f"DAG {KEY_ERROR} \u2013 Task enrich \u2013 Run ID {RUN} \u2013 failed"
    },
    "blocks with a link": {
        "text": "Task failed",
        "blocks": (
            {
                "type": "section",
                "block_id": "a",
                "text": {"type": "mrkdwn", "text": f"*Dag:* `{KEY_ERROR}`\n*Task:* `enrich`"},
            },
        ),
    },
}


@pytest.mark.parametrize("form", ALERTS)
async def test_under_an_alert_one_word_is_question_enough(stage: Stage, form: str) -> None:
    alert = alerted(stage, **ALERTS[form])
    answer = await stage.answer(await stage.ask("why?", alert.ts))
    assert f"{KEY_ERROR}.enrich" in shown(answer)
    assert "KeyError: 'country'" in shown(answer)
    assert answer.thread_ts == alert.ts


async def test_of_a_mapped_task_the_index_that_failed_is_found(stage: Stage) -> None:
    answer = await stage.answer(await stage.ask(f"why did {MAPPED} fail?"))
    assert f"{MAPPED}.score[37]" in shown(answer)
    assert "index 37 (shard-37), 1 of 50 failed" in shown(answer)


async def test_a_task_that_waited_in_vain_leads_to_the_one_that_failed(stage: Stage) -> None:
    answer = await stage.answer(await stage.ask(f"why did {UPSTREAM} fail?"))
    assert f"{UPSTREAM}.extract" in shown(answer)
    assert "No such file or directory" in shown(answer)


async def test_a_pasted_link_names_everything(stage: Stage) -> None:
    link = f"{stage.airflow.url}/dags/{KEY_ERROR}/runs/{RUN}/tasks/enrich"
    answer = await stage.answer(await stage.ask(f"<{link}>"))
    assert "KeyError: 'country'" in shown(answer)


async def test_a_dag_that_was_never_registered_leads_to_its_broken_file(stage: Stage) -> None:
    answer = await stage.answer(await stage.ask(f"why is {UNREGISTERED} not running?"))
    assert f"Airflow does not know this Dag: {UNREGISTERED}.py does not import." in shown(answer)
    assert "No module named" in shown(answer)


async def test_a_command_shows_who_asked_and_is_followed_up_in_its_thread(stage: Stage) -> None:
    await stage.ws.command("/airflow", f"why {VARIABLE}", stage.channel, stage.asker)

    def look() -> Message | None:
        opened = (m for m in stage.ws.messages(stage.channel) if m.bot_id and not m.is_reply)
        return next((m for m in opened if "Ref" in shown(m) and VARIABLE in shown(m)), None)

    answer = await stage.ws.wait_for(look)
    assert stage.asker in str(answer.blocks[0])
    followed = await stage.ws.say(stage.channel, stage.asker, "how is it doing?", answer.ts)
    status = await stage.answer(followed)
    assert f"{VARIABLE}.use_var · latest run failed" in shown(status)


async def test_a_direct_message_needs_no_mention(stage: Stage) -> None:
    asked = await stage.ws.say_directly(stage.asker, f"why did {VARIABLE} fail?")
    assert "An Airflow Variable does not exist" in shown(await stage.answer(asked))


async def test_everything_behind_an_answer_is_a_press_away(stage: Stage) -> None:
    card = await stage.answer(await stage.ask(f"why did {KEY_ERROR} fail?"))
    whispers = len(stage.ws.ephemerals(stage.asker))
    await stage.ws.press(card, Press.EVIDENCE, stage.asker)
    evidence = await stage.ws.wait_for(lambda: stage.ws.ephemerals(stage.asker)[whispers:])
    assert "How to check it yourself" in shown(evidence[0])
    assert "manual__2026-11-22T" in shown(evidence[0])  # the run's id in full
    files = len(stage.ws.files())
    await stage.ws.press(card, Press.LOG_EXCERPT, stage.asker)
    (excerpt,) = await stage.ws.wait_for(lambda: stage.ws.files()[files:])
    assert b"KeyError: 'country'" in excerpt.content
    assert excerpt.name == f"{KEY_ERROR}.enrich-try1.log.txt"


async def test_a_thumb_down_asks_why_and_keeps_the_reason(stage: Stage) -> None:
    asked = await stage.ask(f"why did {KEY_ERROR} fail?")
    card = await stage.answer(asked)
    thumbs = next(b for b in card.blocks if b["type"] == "context_actions")["elements"][0]
    down = thumbs["negative_button"]["value"]
    await stage.ws.press(card, Press.RATE, stage.asker, chosen=down)
    (form,) = await stage.ws.wait_for(lambda: stage.ws.modals(stage.asker))
    answers = {"why": {"why": "missed_evidence"}, "comment": {"comment": "It was the upstream."}}
    assert (await stage.ws.submit(form, answers)).taken
    await stage.ws.wait_for(lambda: not stage.ws.modals(stage.asker))
    turn_id = f"{stage.ws.team_id}:{stage.channel}:{asked.ts}"
    (rating,) = await _rated(stage, turn_id)
    assert (rating.score, rating.reason) == (Score.DOWN, "missed_evidence")
    assert rating.comment == "It was the upstream."


async def _rated(stage: Stage, turn_id: str) -> Any:
    """The ratings of a turn once one has a reason."""

    async def is_explained() -> bool:
        return any(one.reason for one in await stage.parts.store.ratings(turn_id))

    await until(is_explained, "the reason")
    return await stage.parts.store.ratings(turn_id)
