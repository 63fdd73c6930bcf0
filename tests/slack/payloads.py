"""Payloads as Slack sends them, with parts exchanged for a test."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from bot.playground.workspace.world import AUTHOR as DAG_AUTHOR
from bot.playground.workspace.world import SUPPORT_CHANNEL, TEAM_ID, InstalledApp
from bot.slack.arrivals import Identity

_FOLDER = Path(__file__).parent.parent / "payloads" / "slack"
_APP = InstalledApp()
BOT = Identity(_APP.bot_user_id, _APP.bot_id, TEAM_ID)
CHANNEL, DIRECT, AUTHOR = SUPPORT_CHANNEL, "D0DIRECT01", DAG_AUTHOR.id
MENTION_TS = "1700000100.000100"


def load(name: str, **top: Any) -> dict[str, Any]:
    """The recorded payload with `top` in place of what it has at the top level."""
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text())
    return {**found, **copy.deepcopy(top)}


def event(name: str, **inner: Any) -> dict[str, Any]:
    """The recorded event with `inner` in place of what its event has; None takes a field away."""
    payload = load(name)
    merged = {**payload["event"], **inner}
    payload["event"] = {key: value for key, value in merged.items() if value is not None}
    return payload


def says(name: str, text: str, **inner: Any) -> dict[str, Any]:
    """The recorded message with other words, as mrkdwn alone."""
    return event(name, text=text, blocks=None, **inner)


def press(name: str, **action: Any) -> dict[str, Any]:
    payload = load(name)
    payload["actions"] = [{**payload["actions"][0], **action}]
    return payload
