"""Reads what people do with messages out of Slack's payloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from bot.domain.conversations import Rating, Score
from bot.domain.questions import ThreadKey
from bot.questions.keeping_out import asks_to_keep_out, asks_to_stop
from bot.services.talk import MessageKey
from bot.slack.arrivals import Asked, Identity, Ignored, Overheard, Place, Way
from bot.slack.plain import flatten
from bot.slack.presses import Press, read_more
from bot.slack.talk import shapes
from bot.slack.talk.arrivals import (
    ChannelGone,
    Deleted,
    Edited,
    KeepOut,
    Reaction,
    Sign,
    Solved,
    Stop,
    Talk,
    TellMore,
)

REACTIONS = ("reaction_added", "reaction_removed")
GONE = ("channel_deleted", "channel_left", "group_deleted", "group_left")
STOPPED = "agent_session_stopped"
TALK_EVENTS = (*REACTIONS, *GONE, STOPPED)
"""The events that are no messages and concern what was said."""

CHANGED, DELETED = "message_changed", "message_deleted"
_TOMBSTONE = "tombstone"

_SIGNS = {
    "+1": Sign.UP,
    "thumbsup": Sign.UP,
    "-1": Sign.DOWN,
    "thumbsdown": Sign.DOWN,
    "white_check_mark": Sign.SOLVED,
    "heavy_check_mark": Sign.SOLVED,
    "mute": Sign.KEEP_OUT,
    "no_bell": Sign.KEEP_OUT,
}

ReadMessage = Callable[[Mapping[str, Any], Identity], Asked | Overheard | Ignored]
"""Reads a message event as a question."""


def read_event(kind: str, event: Mapping[str, Any], bot: Identity) -> Talk | Ignored:
    """`kind` is one of `TALK_EVENTS`."""
    if kind in REACTIONS:
        return read_reaction(event, bot)
    return read_stop(event, bot) if kind == STOPPED else read_departure(event, bot)


def read_reaction(event: Mapping[str, Any], bot: Identity) -> Talk | Ignored:
    """Only those on our own messages say something to us."""
    read = msgspec.convert(event, shapes.ReactionEvent)
    sign = _SIGNS.get(read.reaction.partition("::")[0])
    if sign is None:
        return Ignored(f"reaction {read.reaction}")
    if read.user == bot.user_id:
        return Ignored("own reaction")
    if read.item_user != bot.user_id or not read.item.channel or not read.item.ts:
        return Ignored("reaction on what is not ours")
    message = MessageKey(bot.team_id, read.item.channel, read.item.ts)
    at = _moment(read.event_ts)
    if at is None:
        return Ignored("reaction without a time")
    is_on = read.type == "reaction_added"
    return Reaction(message, read.user, read.reaction, sign, at, read.event_ts, is_on)


def read_change(event: Mapping[str, Any], bot: Identity, read: ReadMessage) -> Talk | Ignored:
    """An edit by a person, or a deletion. A root with replies is not deleted but overwritten."""
    change = msgspec.convert(event, shapes.ChangeEvent)
    before = change.previous_message if isinstance(change.previous_message, Mapping) else {}
    if change.subtype == DELETED:
        return _deleted(change.deleted_ts or "", before, change, bot)
    after = change.message or {}
    if after.get("subtype") == _TOMBSTONE:
        return _deleted(str(after.get("ts") or ""), before, change, bot)
    return _edited(change, before, after, bot, read)


def _deleted(
    ts: str, before: Mapping[str, Any], change: shapes.ChangeEvent, bot: Identity
) -> Talk | Ignored:
    if not ts:
        return Ignored("deletion of nothing")
    if before.get("user") == bot.user_id or before.get("bot_id") == bot.bot_id:
        return Ignored("own message")
    if before.get("subtype") == _TOMBSTONE:
        return Ignored("the rest of a message that is gone already")
    flat = flatten(before, bot.user_id)
    is_said_to_us = change.channel_type == "im" or bot.user_id in flat.mentions
    thread = ThreadKey(bot.team_id, change.channel, str(before.get("thread_ts") or ts))
    message = MessageKey(bot.team_id, change.channel, ts)
    return Deleted(message, thread, is_ours_to_know=is_said_to_us or not before)


def _edited(
    change: shapes.ChangeEvent,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    bot: Identity,
    read: ReadMessage,
) -> Talk | Ignored:
    wording = _wording(after)
    if not wording or wording == _wording(before):
        return Ignored("change by Slack itself")
    now, then = flatten(after, bot.user_id), flatten(before, bot.user_id)
    if (
        before
        and (now.text, now.links) == (then.text, then.links)
        and ((bot.user_id in now.mentions) == (bot.user_id in then.mentions))
    ):
        return Ignored("edit of no words")
    if bot.user_id in then.mentions and bot.user_id not in now.mentions:
        return Ignored("edit that calls the bot no more")
    said = {
        **after,
        "type": "message",
        "channel": change.channel,
        "channel_type": change.channel_type,
    }
    asked = read(said, bot)
    if not isinstance(asked, Asked):
        return asked if isinstance(asked, Ignored) else Ignored("edit that calls nobody")
    return Edited(replace(asked, wording=wording, is_edited=True))


def _wording(message: Mapping[str, Any]) -> str:
    edited = message.get("edited")
    ts = edited.get("ts") if isinstance(edited, Mapping) else None
    return ts if isinstance(ts, str) else ""


def read_departure(event: Mapping[str, Any], bot: Identity) -> Talk | Ignored:
    """`now` serves where Slack gives no time."""
    read = msgspec.convert(event, shapes.ChannelEvent)
    if not read.event_ts:
        return Ignored(f"{read.type} without a time")
    return ChannelGone(bot.team_id, read.channel, read.event_ts)


def read_stop(event: Mapping[str, Any], bot: Identity) -> Talk | Ignored:
    read = msgspec.convert(event, shapes.SessionStopped)
    if not read.thread_ts:
        return Ignored("a session without a thread")
    thread = ThreadKey(bot.team_id, read.channel, read.thread_ts)
    return Stop(thread, Place(read.channel, read.user, read.thread_ts), read.event_ts)


def talk_in(asked: Asked) -> Talk | None:
    """What a message says about the bot's own conduct, in place of a question."""
    question = asked.question
    thread, ts = question.thread, question.message_ts
    is_reply, called = thread.thread != ts, asked.way is Way.MENTION
    if asked.is_edited or asked.way not in (Way.MENTION, Way.FOLLOW_UP, Way.DIRECT):
        return None
    if (called or asked.way is Way.DIRECT) and asks_to_stop(question.text):
        # Outside a thread nothing says which of several questions is meant.
        return Stop(thread if is_reply else replace(thread, thread=""), asked.place, ts)
    if asked.way is Way.DIRECT:
        return None
    if is_reply and asks_to_keep_out(question.text, called=called):
        return KeepOut(thread, asked.place, ts, said_in=ts, is_addressed=called)
    return None


def read_press(
    press: Press, value: str, place: Place, at: str, trigger_id: str, bot: Identity
) -> Talk | None:
    """`at` is the ts of the press; None for a value that we never wrote."""
    thread = ThreadKey(bot.team_id, place.channel, place.thread or "")
    match press:
        case Press.STOP if value:
            return Stop(thread, place, at, question_id=value)
        case Press.SOLVED | Press.NOT_SOLVED if value:
            return Solved(value, place, at, is_solved=press is Press.SOLVED)
        case Press.KEEP_OUT | Press.COME_BACK:
            out = press is Press.KEEP_OUT
            # A private note stands in no thread of its own: it says which one it is about.
            return KeepOut(replace(thread, thread=value or thread.thread), place, at, out=out)
        case Press.TELL_MORE if more := read_more(value):
            rated = _moment(at)
            if rated is None:
                return None
            rating = Rating(more[1], place.user, Score.DOWN, rated, source=more[0])
            return TellMore(rating, place, trigger_id)
    return None


def _moment(ts: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None
