"""The Bolt app as Slack's requests meet it: acknowledgements, refusals, failures at the door."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from slack_bolt.async_app import AsyncBoltRequest

from bot.domain.errors import BotError, ConfigError
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL
from bot.slack.app import build_slack
from bot.slack.client import CountedWaits, web_client
from bot.slack.config import SlackConfig
from bot.slack.socket_mode import PersistentClient
from tests.slack.doubles import ScriptedAnswers
from tests.slack.driver import deliver, encode, hand_in, signed
from tests.slack.payloads import event, load, press, says
from tests.slack.running import RunningBot
from tests.waiting import PATIENCE


async def mentioned(ws: LocalWorkspace, **inner: Any) -> dict[str, Any]:
    """The event for a mention that stands in the workspace."""
    message = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} why?", raw=True)
    return says("app_mention", message.text, ts=message.ts, event_ts=message.ts, **inner)


@pytest.mark.parametrize(
    "name",
    [
        "channel_join",
        "bot_message",
        "app_message",
        "own_message",
        "press_link",
    ],
)
async def test_what_is_nothing_for_us_is_acknowledged(
    slack: RunningBot, answers: ScriptedAnswers, name: str
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
    slack: RunningBot, payload: dict[str, Any]
) -> None:
    assert (await deliver(slack, payload)).status == 200


async def test_a_wrong_signature_is_refused(slack: RunningBot, answers: ScriptedAnswers) -> None:
    content_type, body = encode(load("app_mention"))
    request = AsyncBoltRequest(body=body, headers=dict(signed(body, "not it", content_type)))
    assert (await slack.app.async_dispatch(request)).status == 401
    assert answers.asked == []


async def test_an_old_signature_is_refused(
    slack: RunningBot, answers: ScriptedAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_type, body = encode(load("app_mention"))
    headers = signed(body, slack.config.signing_secret, content_type)
    headers["x-slack-request-timestamp"] = "1700000000"
    request = AsyncBoltRequest(body=body, headers=dict(headers))
    assert (await slack.app.async_dispatch(request)).status == 401
    assert answers.asked == []


async def test_slacks_address_check_is_answered(slack: RunningBot) -> None:
    response = await deliver(slack, {"type": "url_verification", "challenge": "abc", "event": {}})
    assert response.status == 200
    assert json.loads(response.body) == {"challenge": "abc"}


async def test_the_acknowledgement_does_not_wait_for_the_work(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers
) -> None:
    payload = await mentioned(ws)
    assert (await hand_in(slack, payload)).status == 200
    assert answers.asked == []
    await slack.idle()
    assert len(answers.asked) == 1


async def test_a_retried_delivery_is_taken_on_once(
    ws: LocalWorkspace, slack: RunningBot, answers: ScriptedAnswers
) -> None:
    payload = await mentioned(ws)
    statuses = [(await deliver(slack, payload)).status for _ in range(4)]
    assert statuses == [200] * 4
    assert len(answers.asked) == 1


async def test_a_token_that_slack_refuses_is_said_at_the_start(
    config: SlackConfig, slack: RunningBot
) -> None:
    side = build_slack(replace(config, bot_token="xoxb-wrong"), slack.services)
    with pytest.raises(ConfigError, match=r"slack\.bot_token: Slack refused it \(invalid_auth\)"):
        await side.open()
    await side.close()


async def test_an_app_token_that_slack_refuses_is_said_at_the_start(
    config: SlackConfig, slack: RunningBot
) -> None:
    side = build_slack(replace(config, app_token="xapp-wrong"), slack.services)
    await side.open()
    with pytest.raises(ConfigError, match=r"slack\.app_token: Slack refused it"):
        await side.connect()
    await side.close()


async def test_socket_mode_needs_an_app_token(config: SlackConfig, slack: RunningBot) -> None:
    side = build_slack(replace(config, app_token=""), slack.services)
    with pytest.raises(ConfigError, match="xapp-"):
        await side.connect()


async def test_a_slack_that_does_not_answer_is_named(
    config: SlackConfig, slack: RunningBot
) -> None:
    side = build_slack(replace(config, api_url="http://127.0.0.1:9/api/"), slack.services)
    with pytest.raises(BotError, match=r"does not answer at http://127\.0\.0\.1:9"):
        await side.open()
    await side.close()


async def test_a_slack_that_does_not_say_goodbye_is_left(
    config: SlackConfig, slack: RunningBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: PersistentClient) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(PersistentClient, "disconnect", never)
    monkeypatch.setattr("bot.slack.side._LEAVING", 0.05)
    side = build_slack(config, slack.services)
    await side.open()
    await side.connect()
    async with asyncio.timeout(PATIENCE):
        await side.close()
    assert not await side.is_connected()


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.CUT, FaultKind.DONE_ERROR])
async def test_a_slack_in_trouble_is_waited_for_at_the_start(
    ws: LocalWorkspace, config: SlackConfig, slack: RunningBot, kind: FaultKind
) -> None:
    side = build_slack(config, slack.services)
    for method in ("auth.test", "apps.connections.open"):
        ws.faults.add(Fault(kind, method, times=3))
    await side.open()
    await side.connect()
    await side.close()
    assert slack.ledger.slept == [1, 2, 4] * 2


async def test_a_slack_that_stays_in_trouble_is_named(
    ws: LocalWorkspace, config: SlackConfig, slack: RunningBot
) -> None:
    side = build_slack(config, slack.services)
    ws.faults.add(Fault(FaultKind.SERVER_ERROR, "auth.test", times=None))
    with pytest.raises(BotError, match="does not answer at http"):
        await side.open()
    await side.close()
    assert sum(slack.ledger.slept) == 31


def test_no_call_is_repeated_by_itself_but_for_rate_limits(config: SlackConfig) -> None:
    handlers: Sequence[object] = web_client(config, config.bot_token).retry_handlers
    assert [type(handler) for handler in handlers] == [CountedWaits]


def test_tokens_do_not_show_in_the_configuration(config: SlackConfig) -> None:
    for secret in (config.bot_token, config.app_token, config.signing_secret):
        assert secret not in repr(config)


async def test_commands_are_told_apart_by_their_trigger(
    slack: RunningBot, answers: ScriptedAnswers
) -> None:
    triggers = itertools.count(1)
    for _ in range(2):
        payload = load("command", text="help", trigger_id=f"1.2.{next(triggers)}")
        payload["response_url"] = f"{slack.config.api_url}../hooks/none"
        assert (await deliver(slack, payload)).status == 200
    assert len(answers.asked) == 2
