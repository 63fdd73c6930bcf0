"""A message without a mention in a thread: heard only where the bot is engaged."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.arrivals import Way
from bot.slack.forms import Forms
from bot.slack.inbox import came_by
from bot.slack.surfaces import Surface, acknowledge


def register(app: AsyncApp, forms: Forms, command: str) -> None:
    app.event("message", matchers=[came_by(Way.FOLLOW_UP)])(acknowledge)


SURFACE = Surface(
    name="follow-up",
    register=register,
    events=("message.channels", "message.groups"),
    scopes=("chat:write",),
    better_with=("channels:history", "groups:history"),
)
