"""Reads the shortcuts: the one on a message, and the one that is there anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.questions import Author, EarlierMessage, Intent, Question, ThreadKey
from bot.slack.arrivals import Arrival, Asked, FormWanted, Identity, Ignored, Place, Way
from bot.slack.limits import Limit
from bot.slack.plain import flatten
from bot.slack.reading import Reading, asker_of, moment_of, read
from bot.slack.surface_shapes import MessageAction, Shortcut

EXPLAIN = "explain_failure"
"""The callback id of the shortcut on a message."""
ASK = "ask_about_airflow"
"""The callback id of the shortcut that is there anywhere."""

_TEXT = Limit(12_000)


def read_message_shortcut(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Arrival:
    """The message is what is asked about; it stands for the thread before the question."""
    used = read(body, MessageAction)
    ts = used.message.get("ts")
    if used.callback_id != EXPLAIN or not isinstance(ts, str):
        return Ignored(f"shortcut {used.callback_id} on a message")
    root = used.message.get("thread_ts")
    thread = root if isinstance(root, str) else ts
    made_up = f"shortcut-{used.action_ts}"
    question = Question(
        id=f"{bot.team_id}:{used.channel.id}:{made_up}",
        origin=reading.origin,
        asker=asker_of(used.user.id, used.user.team_id or "", bot),
        thread=ThreadKey(bot.team_id, used.channel.id, thread),
        message_ts=made_up,
        text="",
        asked_at=moment_of(used.action_ts) or reading.now(),
        earlier=(_asked_about(used.message, ts, reading, bot),),
        intent=Intent.DIAGNOSE,
    )
    place = Place(
        channel=used.channel.id,
        user=used.user.id,
        thread=thread,
        response_url=used.response_url,
        may_be_closed=True,
    )
    return Asked(question, place, Way.SHORTCUT)


def _asked_about(
    message: Mapping[str, Any], ts: str, reading: Reading, bot: Identity
) -> EarlierMessage:
    flat = flatten(message, bot.user_id)
    ours = message.get("user") == bot.user_id or message.get("bot_id") == bot.bot_id
    of_app = Author.APP if message.get("bot_id") else Author.OTHER
    return EarlierMessage(
        author=Author.BOT if ours else of_app,
        text=_TEXT.tail(reading.redact(flat.text)),
        ts=ts,
        links=tuple(reading.redact(link) for link in flat.links),
    )


def read_shortcut(body: Mapping[str, Any], reading: Reading, bot: Identity) -> Arrival:
    used = read(body, Shortcut)
    if used.callback_id != ASK:
        return Ignored(f"shortcut {used.callback_id}")
    return FormWanted(used.trigger_id, Intent.DIAGNOSE, Place("", used.user.id))
