"""Nothing is acknowledged before it is kept, and nothing is kept twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from slack_bolt.async_app import AsyncBoltRequest

from bot.domain.answers import Reply
from bot.domain.conversations import Score
from bot.domain.errors import StoreError
from bot.domain.questions import Origin, Question, ThreadKey
from bot.domain.references import reference_of
from bot.domain.work import Job, Priority, Queue
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace
from bot.playground.workspace.hub import Limits
from bot.playground.workspace.world import AUTHOR, ONCALL, SUPPORT_CHANNEL, InstalledApp, World
from bot.services.ports import ReplyChannel
from bot.slack.app import build_slack
from bot.slack.config import SlackConfig
from bot.slack.manifest import manifest
from bot.slack.surfaces import all_surfaces
from tests.slack.doubles import MemoryRecords, ScriptedAnswers, always
from tests.slack.driver import by_bot, deliver, encode, hand_in, signed
from tests.slack.payloads import event, load, press, says
from tests.slack.replies import CODE
from tests.slack.running import RunningBot


async def mentioned(ws: LocalWorkspace, **inner: Any) -> dict[str, Any]:
    """The event for a mention that stands in the workspace."""
    message = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why?", raw=True)
    return says("app_mention", message.text, ts=message.ts, event_ts=message.ts, **inner)


async def remarked(ws: LocalWorkspace, thread: str) -> dict[str, Any]:
    remark = await ws.say(SUPPORT_CHANNEL, ONCALL.id, "and try 1?", thread)
    inner = {"ts": remark.ts, "event_ts": remark.ts, "thread_ts": thread, "user": ONCALL.id}
    return event("message_in_thread", **inner)


async def test_what_the_database_did_not_keep_is_not_acknowledged(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers
) -> None:
    payload = await mentioned(ws)
    slack.engine.down = True
    assert (await hand_in(slack, payload)).status == 500
    slack.engine.down = False
    assert (await deliver(slack, payload)).status == 200
    assert len(answers.asked) == 1


@pytest.mark.parametrize(
    "payload",
    [
        load("command", text="help"),
        press("press_button"),
        load("view_submission"),
        event("message_im"),
    ],
)
async def test_nothing_of_any_kind_is_acknowledged_while_the_database_is_down(
    slack: RunningBot, payload: dict[str, Any]
) -> None:
    slack.engine.down = True
    assert (await hand_in(slack, payload)).status == 500
    assert slack.engine.jobs == {}


async def test_slacks_retry_is_taken_whatever_number_it_bears(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers
) -> None:
    content_type, body = encode(await mentioned(ws))
    headers = signed(body, slack.config.signing_secret, content_type)
    headers |= {"x-slack-retry-num": "3", "x-slack-retry-reason": "http_timeout"}
    response = await slack.app.async_dispatch(AsyncBoltRequest(body=body, headers=dict(headers)))
    assert response.status == 200
    await slack.idle()
    assert len(answers.asked) == 1


async def test_one_question_is_kept_once_under_any_event_id(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers
) -> None:
    payload = await mentioned(ws)
    twin = {**payload, "event_id": "Ev0ANOTHER"}
    inner = {**payload["event"], "type": "message", "channel_type": "channel"}
    as_message = {**payload, "event": inner, "event_id": "Ev0THIRD"}
    deliveries = [payload, twin, as_message] * 2
    assert [(await deliver(slack, one)).status for one in deliveries] == [200] * 6
    assert len(answers.asked) == 1
    assert [outcome for _, outcome, _ in slack.meter.deliveries] == ["taken", *["twin"] * 5]


async def test_what_slack_delivers_again_is_told_from_the_other_event_of_a_mention(
    ws: LocalWorkspace, slack: RunningBot
) -> None:
    payload = await mentioned(ws)
    inner = {**payload["event"], "type": "message", "channel_type": "channel"}
    twin = {**payload, "event": inner, "event_id": "Ev0TWIN"}
    for one, number in ((payload, "0"), (twin, "0"), (payload, "1"), (twin, "1")):
        content_type, body = encode(one)
        headers = signed(body, slack.config.signing_secret, content_type)
        headers |= {"x-slack-retry-num": number}
        await slack.app.async_dispatch(AsyncBoltRequest(body=body, headers=dict(headers)))
    outcomes = [outcome for _, outcome, _ in slack.meter.deliveries]
    assert outcomes == ["taken", "twin", "duplicate", "duplicate"]


async def test_what_is_kept_says_where_it_came_from(ws: LocalWorkspace, slack: RunningBot) -> None:
    payload = await mentioned(ws)
    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as logs:
        await deliver(slack, payload)
    ts = payload["event"]["ts"]
    key = f"{ws.team_id}:{SUPPORT_CHANNEL}:{ts}"
    delivery = slack.engine.deliveries[key]
    assert delivery.origin == Origin.SLACK
    assert delivery.event_id == payload["event_id"]
    assert delivery.thread == ThreadKey(ws.team_id, SUPPORT_CHANNEL, ts)
    assert delivery.user_id == AUTHOR.id
    assert delivery.engages
    job = slack.engine.job(key)
    assert (job.kind, job.queue, job.priority) == ("arrival", Queue.QUESTIONS, Priority.ASKED)
    (taken,) = [line for line in logs if line["event"] == "slack.delivered"]
    assert (taken["work"], taken["reference"]) == (key, reference_of(key))


async def test_talk_where_the_bot_is_not_engaged_leaves_no_row(
    ws: LocalWorkspace, slack: RunningBot
) -> None:
    head = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hm")
    assert (await deliver(slack, await remarked(ws, head.ts))).status == 200
    assert slack.engine.deliveries == {}
    assert [outcome for _, outcome, _ in slack.meter.deliveries] == ["ignored"]


async def test_a_remark_in_an_engaged_thread_waits_behind_questions(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers
) -> None:
    payload = await mentioned(ws)
    await deliver(slack, payload)
    await deliver(slack, await remarked(ws, payload["event"]["ts"]))
    first, second = [slack.engine.job(key) for key in slack.engine.deliveries]
    assert (first.priority, second.priority) == (Priority.ASKED, Priority.REMARK)
    assert first.share == second.share
    assert len(answers.asked) == 2


async def test_a_remark_is_not_acknowledged_where_nobody_knows_whether_it_is_for_us(
    ws: LocalWorkspace, slack: RunningBot
) -> None:
    head = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, "hm")
    slack.engine.down = True
    assert (await hand_in(slack, await remarked(ws, head.ts))).status == 500


async def test_an_error_nobody_thought_of_is_no_acknowledgement(
    ws: LocalWorkspace, slack: RunningBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(job: Job, delivery: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(slack.engine, "take", broken)
    assert (await hand_in(slack, await mentioned(ws))).status == 500


async def test_a_slack_that_does_not_say_who_we_are_gets_no_acknowledgement(
    ws: LocalWorkspace, slack: RunningBot
) -> None:
    payload = await mentioned(ws)
    unopened = replace_started(slack)
    ws.faults.add(Fault(FaultKind.REFUSE, "auth.test", times=1, error="internal_error"))
    assert (await hand_in(unopened, payload)).status == 500
    assert (await hand_in(unopened, payload)).status == 200


def replace_started(bot: RunningBot) -> RunningBot:
    """The same, not opened yet: it has not asked Slack who it is."""
    other = RunningBot(bot.config, bot.answers, bot.records, bot.engine)
    other.build()
    return other


async def test_a_process_that_is_about_to_end_leaves_deliveries_to_others(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers
) -> None:
    entered, let_go = asyncio.Event(), asyncio.Event()

    async def slow(question: Question, channel: ReplyChannel) -> Reply:
        entered.set()
        await let_go.wait()
        return CODE

    answers.script = slow
    await hand_in(slack, await mentioned(ws))
    await entered.wait()
    await slack.slack.stop_taking()
    assert (await hand_in(slack, await mentioned(ws))).status == 503
    let_go.set()
    await slack.idle()
    assert len(by_bot(ws, SUPPORT_CHANNEL)) == 1


@pytest.fixture
async def brisk() -> AsyncIterator[LocalWorkspace]:
    """A workspace that waits for an acknowledgement for a moment only, and then tries again."""
    app = InstalledApp.from_manifest(manifest(all_surfaces()))
    limits = Limits(ack=0.3, retries=(0.3, 0.3, 0.3))
    async with LocalWorkspace.started(World(app=app), limits=limits) as workspace:
        yield workspace


async def test_over_a_socket_what_was_not_kept_is_delivered_again(
    brisk: LocalWorkspace, records: MemoryRecords
) -> None:
    answers = ScriptedAnswers(records, always(CODE))
    config = SlackConfig(brisk.bot_token, brisk.app_token, api_url=brisk.base_url)
    bot = RunningBot(config, answers, records)
    await bot.start()
    await bot.slack.connect()
    await brisk.wait_for_app()
    bot.engine.down = True
    message = await brisk.say(SUPPORT_CHANNEL, AUTHOR.id, f"{brisk.mention} why?", raw=True)
    await brisk.wait_for(lambda: brisk.deliveries())
    assert {one.reason for one in brisk.deliveries()} == {"timeout"}
    # The web-socket stays open for what comes next.
    assert await bot.slack.is_connected()
    bot.engine.down = False
    await brisk.wait_for_reply(message)
    await bot.idle()
    assert len(by_bot(brisk, SUPPORT_CHANNEL)) == 1
    assert len(answers.asked) == 1
    await bot.stop()


async def test_a_thumb_down_opens_the_form_before_the_acknowledgement(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, records: MemoryRecords
) -> None:
    answers.script = always(CODE)
    await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why?", raw=True)
    await answers.until_asked(1)
    await connected.idle()
    (answer,) = by_bot(ws, SUPPORT_CHANNEL)
    turn_id = answers.asked[0].id
    ws.faults.add(Fault(FaultKind.REFUSE, "views.open", error="expired_trigger_id"))
    assert (await ws.press(answer, "rate", AUTHOR.id, f"down|{turn_id}")).taken
    await connected.idle()
    assert records.ratings[turn_id, AUTHOR.id].score is Score.DOWN
    # No form, so the press is answered in words.
    (thanks,) = ws.ephemerals(AUTHOR.id)
    assert "noted" in thanks.text
    assert (await ws.press(answer, "rate", AUTHOR.id, f"down|{turn_id}")).taken
    assert len(ws.modals(AUTHOR.id)) == 1


async def test_ratings_of_one_person_are_kept_in_order(
    ws: LocalWorkspace, slack: RunningBot
) -> None:
    for number, score in enumerate(("up", "down")):
        payload = press(
            "press_button", action_id="rate", value=f"{score}|turn-1", action_ts=f"17.{number}"
        )
        payload.pop("trigger_id")
        assert (await hand_in(slack, payload)).status == 200
    first, second = [slack.engine.job(key) for key in slack.engine.deliveries]
    assert first.share == second.share
    await slack.idle()


async def test_a_process_that_only_takes_in_has_no_handlers(slack: RunningBot) -> None:
    side = build_slack(slack.config, replace(slack.services, working=None))
    assert side.handlers == {}
    assert side.app


async def test_a_process_that_only_works_has_no_listeners(slack: RunningBot) -> None:
    side = build_slack(slack.config, replace(slack.services, taking_in=None))
    kinds = {"arrival", "message", "post", "called_off"}
    kinds |= {"talk", "edit", "stopped", "forget", "home", "unfinished", "unfurl"}
    kinds |= {"take_away", "take_back"}
    assert set(side.handlers) == kinds
    with pytest.raises(RuntimeError, match="takes nothing in"):
        _ = side.app
    await side.open()
    await side.close()


async def test_a_failing_store_is_named_in_the_log(ws: LocalWorkspace, slack: RunningBot) -> None:
    slack.engine.down = True
    with structlog.testing.capture_logs() as logs:
        await hand_in(slack, await mentioned(ws))
    (line,) = [entry for entry in logs if entry["event"] == "slack.not_kept"]
    assert line["error"] == str(StoreError("The database does not answer."))
    assert slack.meter.deliveries[-1][:2] == ("event", "refused")
