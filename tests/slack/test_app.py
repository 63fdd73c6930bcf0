"""The Bolt app as Slack's requests meet it: acknowledgements, refusals, failures at the door."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import structlog
from slack_bolt.async_app import AsyncBoltRequest
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler

from bot.domain.errors import BotError, ConfigError
from bot.domain.questions import Question
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.slack.app import Services, SlackSide, build_slack, web_client
from bot.slack.arrivals import Place
from bot.slack.config import SlackConfig
from tests.slack.doubles import ScriptedAnswers
from tests.slack.driver import by_bot, deliver, encode, hand_in, signed
from tests.slack.payloads import event, load, press, says


async def mentioned(ws: LocalWorkspace, **inner: Any) -> dict[str, Any]:
    """The event for a mention that stands in the workspace."""
    message = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why?", raw=True)
    return says("app_mention", message.text, ts=message.ts, event_ts=message.ts, **inner)


@pytest.mark.parametrize(
    "name",
    [
        "message_changed",
        "message_deleted",
        "channel_join",
        "bot_message",
        "app_message",
        "own_message",
        "press_link",
    ],
)
async def test_what_is_nothing_for_us_is_acknowledged(
    slack: SlackSide, answers: ScriptedAnswers, name: str
) -> None:
    assert (await deliver(slack, load(name))).status == 200
    assert answers.asked == []


@pytest.mark.parametrize(
    "payload",
    [
        event("app_mention", type="team_join", channel={"id": "C1"}),
        event("app_mention", channel=None),
        load("command", command="/unheard-of"),
        press("press_button", action_id="somebody_elses", value="x"),
        {**load("view_submission"), "type": "view_closed"},
        {"type": "shortcut", "callback_id": "x", "user": {"id": "U1"}, "team": {"id": "T1"}},
        {"type": "block_suggestion", "action_id": "x", "user": {"id": "U1"}},
        {"nothing": "we know"},
    ],
)
async def test_nothing_that_slack_sends_is_answered_with_not_found(
    slack: SlackSide, payload: dict[str, Any]
) -> None:
    assert (await deliver(slack, payload)).status == 200


async def test_a_wrong_signature_is_refused(slack: SlackSide, answers: ScriptedAnswers) -> None:
    content_type, body = encode(load("app_mention"))
    request = AsyncBoltRequest(body=body, headers=dict(signed(body, "not it", content_type)))
    assert (await slack.app.async_dispatch(request)).status == 401
    assert answers.asked == []


async def test_an_old_signature_is_refused(
    slack: SlackSide, answers: ScriptedAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_type, body = encode(load("app_mention"))
    headers = signed(body, slack.config.signing_secret, content_type)
    headers["x-slack-request-timestamp"] = "1700000000"
    request = AsyncBoltRequest(body=body, headers=dict(headers))
    assert (await slack.app.async_dispatch(request)).status == 401
    assert answers.asked == []


async def test_slacks_address_check_is_answered(slack: SlackSide) -> None:
    response = await deliver(slack, {"type": "url_verification", "challenge": "abc", "event": {}})
    assert response.status == 200
    assert json.loads(response.body) == {"challenge": "abc"}


async def test_the_acknowledgement_does_not_wait_for_the_work(
    ws: LocalWorkspace, slack: SlackSide, answers: ScriptedAnswers
) -> None:
    payload = await mentioned(ws)
    assert (await hand_in(slack, payload)).status == 200
    assert answers.asked == []
    await slack.desk.idle()
    assert len(answers.asked) == 1


async def test_a_retried_delivery_is_taken_on_once(
    ws: LocalWorkspace, slack: SlackSide, answers: ScriptedAnswers
) -> None:
    payload = await mentioned(ws)
    statuses = [(await deliver(slack, payload)).status for _ in range(4)]
    assert statuses == [200] * 4
    assert len(answers.asked) == 1


class BrokenDesk:
    """Takes nothing on."""

    async def ask(self, question: Question, place: Place) -> None:
        raise RuntimeError("no room on the desk")


async def test_what_could_not_be_taken_on_is_told_in_its_thread(
    ws: LocalWorkspace, slack: SlackSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack.desk, "ask", BrokenDesk().ask)
    payload = await mentioned(ws)
    with structlog.testing.capture_logs() as logs:
        response = await deliver(slack, payload)
    assert response.status == 200
    (sorry,) = by_bot(ws, SUPPORT_CHANNEL)
    assert sorry.thread_ts == payload["event"]["ts"]
    (failure,) = [entry for entry in logs if entry["event"] == "slack.failed"]
    assert failure["reference"] in sorry.text


async def test_where_not_even_that_can_be_told_slack_is_to_deliver_again(
    ws: LocalWorkspace,
    slack: SlackSide,
    answers: ScriptedAnswers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payload = await mentioned(ws)
    with monkeypatch.context() as broken:
        broken.setattr(slack.desk, "ask", BrokenDesk().ask)
        ws.faults.add(Fault(FaultKind.REFUSE, "chat.postMessage", error="is_archived"))
        assert (await deliver(slack, payload)).status == 500
    assert (await deliver(slack, payload)).status == 200
    assert len(answers.asked) == 1


async def test_a_token_that_slack_refuses_is_said_at_the_start(
    config: SlackConfig, services: Services
) -> None:
    side = build_slack(replace(config, bot_token="xoxb-wrong"), services)
    with pytest.raises(ConfigError, match=r"slack\.bot_token: Slack refused it \(invalid_auth\)"):
        await side.open()
    await side.close()


async def test_an_app_token_that_slack_refuses_is_said_at_the_start(
    config: SlackConfig, services: Services
) -> None:
    side = build_slack(replace(config, app_token="xapp-wrong"), services)
    await side.open()
    with pytest.raises(ConfigError, match=r"slack\.app_token: Slack refused it"):
        await side.connect()
    await side.close()


async def test_socket_mode_needs_an_app_token(config: SlackConfig, services: Services) -> None:
    side = build_slack(replace(config, app_token=""), services)
    with pytest.raises(ConfigError, match="xapp-"):
        await side.connect()


async def test_a_slack_that_does_not_answer_is_named(
    config: SlackConfig, services: Services
) -> None:
    side = build_slack(replace(config, api_url="http://127.0.0.1:9/api/"), services)
    with pytest.raises(BotError, match=r"does not answer at http://127\.0\.0\.1:9"):
        await side.open()
    await side.close()


def test_no_call_is_repeated_by_itself_but_for_rate_limits(config: SlackConfig) -> None:
    handlers: Sequence[object] = web_client(config, config.bot_token).retry_handlers
    assert [type(handler) for handler in handlers] == [AsyncRateLimitErrorRetryHandler]


def test_tokens_do_not_show_in_the_configuration(config: SlackConfig) -> None:
    for secret in (config.bot_token, config.app_token, config.signing_secret):
        assert secret not in repr(config)


async def test_commands_are_told_apart_by_their_trigger(
    slack: SlackSide, answers: ScriptedAnswers
) -> None:
    triggers = itertools.count(1)
    for _ in range(2):
        payload = load("command", text="help", trigger_id=f"1.2.{next(triggers)}")
        payload["response_url"] = f"{slack.config.api_url}../hooks/none"
        assert (await deliver(slack, payload)).status == 200
    assert len(answers.asked) == 2
