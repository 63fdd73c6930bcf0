"""Signed requests into the real Bolt app, and looks at what came of them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.values import Message
from tests.slack.running import RunningBot


def encode(payload: Mapping[str, Any]) -> tuple[str, str]:
    """(content type, body): Slack sends events as JSON and everything else as a form."""
    if "event" in payload:
        return "application/json", json.dumps(payload)
    form = payload if "command" in payload else {"payload": json.dumps(payload)}
    return "application/x-www-form-urlencoded", urlencode(form)


def signed(body: str, secret: str, content_type: str) -> dict[str, str]:
    """The headers with which Slack sends `body`."""
    now = str(int(time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=now, body=body) or ""
    return {
        "content-type": content_type,
        "x-slack-request-timestamp": now,
        "x-slack-signature": signature,
    }


async def deliver(slack: RunningBot, payload: Mapping[str, Any]) -> BoltResponse:
    """Dispatches a signed request and waits until the work behind it is done."""
    response = await hand_in(slack, payload)
    await slack.idle()
    return response


async def hand_in(slack: RunningBot, payload: Mapping[str, Any]) -> BoltResponse:
    """Dispatches a signed request; the work behind it may go on."""
    content_type, body = encode(payload)
    headers = signed(body, slack.config.signing_secret, content_type)
    return await slack.app.async_dispatch(AsyncBoltRequest(body=body, headers=dict(headers)))


def by_bot(ws: LocalWorkspace, channel: str) -> list[Message]:
    """What the bot has said to everybody in a channel."""
    bot = ws.bot_user_id
    return [one for one in ws.messages(channel) if one.user == bot and one.ephemeral_to is None]


def words(message: Message) -> str:
    """Everything a message says, as JSON: for looking up words, not for looks."""
    return json.dumps(message.blocks, ensure_ascii=False)
