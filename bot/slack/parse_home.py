"""Reads what arrives from the Home tab: that it is looked at, its buttons, its form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from bot.slack.arrivals import Arrival, FormFaulty, Identity, Ignored, Place
from bot.slack.home_arrivals import (
    HomeOpened,
    KeepingSet,
    MessagesOpened,
    PatternsSet,
    PatternsWanted,
)
from bot.slack.presses import KEEP, MY_DAGS, PATTERNS_FIELD, Press, kind_of
from bot.slack.reading import Reading, asker_of, moment_of, read
from bot.slack.shapes import Action, User
from bot.slack.surface_shapes import FormSent
from bot.words import Sentence, mark

# Several looks within so many seconds are one: nothing would have changed.
_ONE_LOOK = 3
_MOST, _LONGEST = 20, 250
_PATTERN = re.compile(r"[\w.\-*?]+")


class _View(msgspec.Struct):
    hash: str | None = None


class _Entity(msgspec.Struct):
    type: str = ""
    value: Any = None


class _Context(msgspec.Struct):
    entities: list[_Entity] | None = None


class _Opened(msgspec.Struct):
    user: str
    channel: str
    tab: str
    event_ts: str
    view: _View | None = None
    context: _Context | None = None


class _Moved(msgspec.Struct):
    user: str = ""
    channel: str = ""
    event_ts: str = ""
    context: _Context | None = None


class _Authorization(msgspec.Struct):
    user_id: str | None = None
    is_bot: bool = False


class _MovedEnvelope(msgspec.Struct):
    event: _Moved
    event_time: int = 0
    authorizations: list[_Authorization] | None = None


class _Press(msgspec.Struct):
    user: User
    actions: list[Action]
    trigger_id: str | None = None


def read_opened(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Arrival:
    opened = read(body["event"], _Opened)
    asker = asker_of(opened.user, "", bot)
    at = moment_of(opened.event_ts) or reading.now()
    look = int(at.timestamp()) // _ONE_LOOK
    if opened.tab == "messages":
        key = f"{bot.team_id}:messages:{opened.user}:{look}"
        return MessagesOpened(asker, bot.team_id, opened.channel, key, _beside(opened.context))
    if opened.tab != "home":
        return Ignored(f"tab {opened.tab} opened")
    key = f"{bot.team_id}:home:{opened.user}:{look}"
    shown = (opened.view.hash if opened.view else None) or ""
    return HomeOpened(asker, bot.team_id, key, shown)


def read_moved(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Arrival:
    """Somebody looks at another channel while their messages with the bot are in sight."""
    envelope = read(body, _MovedEnvelope)
    moved, people = envelope.event, envelope.authorizations or []
    user = moved.user or next((one.user_id or "" for one in people if not one.is_bot), "")
    if not user:
        return Ignored("context of nobody")
    beside = _beside(moved.context)
    at = int(float(moved.event_ts or envelope.event_time)) // _ONE_LOOK
    key = f"{bot.team_id}:messages:{user}:{beside}:{at}"
    return MessagesOpened(asker_of(user, "", bot), bot.team_id, moved.channel, key, beside)


def _beside(context: _Context | None) -> str:
    """The channel of the most relevant thing that is in sight; "" where there is none."""
    for one in (context.entities if context else None) or ():
        match one.type.rpartition("/")[2], one.value:
            case ("channel_id", str() as channel) | (
                "message_context",
                {"channel_id": str() as channel},
            ):
                return channel
    return ""


def read_home_press(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Arrival:
    pressed = read(body, _Press)
    if not pressed.actions:
        return Ignored("press without an action")
    action = pressed.actions[0]
    asker = asker_of(pressed.user.id, pressed.user.team_id or "", bot)
    key = f"{bot.team_id}:home:{asker.user_id}:{action.action_id}:{action.action_ts}"
    match kind_of(action.action_id):
        case Press.MY_DAGS if pressed.trigger_id:
            return PatternsWanted(asker, bot.team_id, pressed.trigger_id)
        case Press.KEEPING:
            return KeepingSet(asker, bot.team_id, action.value == KEEP, key)
        case Press.REFRESH:
            return HomeOpened(asker, bot.team_id, key)
    return Ignored(f"press of {action.action_id} in a view")


def read_patterns(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Arrival:
    sent = read(body, FormSent)
    values = (sent.view.state or {}).get("values") or {}
    typed = values.get(PATTERNS_FIELD, {}).get(PATTERNS_FIELD, {}).get("value")
    words = dict.fromkeys(re.split(r"[\s,;]+", typed.strip()) if isinstance(typed, str) else ())
    patterns = tuple(word for word in words if word)
    if fault := _fault(patterns):
        # A form of the Home tab belongs to no channel.
        place = Place("", sent.user.id)
        return FormFaulty(((PATTERNS_FIELD, fault),), place, bot.team_id)
    asker = asker_of(sent.user.id, sent.user.team_id or "", bot)
    key = f"{bot.team_id}:home:{asker.user_id}:{MY_DAGS}:{sent.view.id}"
    return PatternsSet(asker, bot.team_id, patterns, key)


def _fault(patterns: tuple[str, ...]) -> Sentence | None:
    """What is wrong with them."""
    if len(patterns) > _MOST:
        too_many = mark("{n} patterns are too many; write up to {most}, with * for anything.")
        return Sentence(too_many, (("n", str(len(patterns))), ("most", str(_MOST))))
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern) or len(pattern) > _LONGEST:
            no_id = mark("“{shown}” can be no Dag id: letters, digits, . _ - and * for anything.")
            return Sentence(no_id, (("shown", pattern[:40]),))
    return None
